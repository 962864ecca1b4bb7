/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema: the one table of everything a configuration may say. The reader, the printer and the
 * difference walk it; none of them knows a key by name.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "config/errors.h"

enum schema_type {
	/* what has an inside */
	SCHEMA_MAPPING,  /* the keys of @fields */
	SCHEMA_NAMED,    /* names the user chooses, each a mapping @fields; sorted by name later */
	SCHEMA_NUMBERED, /* the same, but the names are VIDs */
	SCHEMA_LIST,     /* elements, each a @fields */
	/* scalars, by what lies in the model */
	SCHEMA_NUMBER,   /* uint16_t or uint32_t; words[0], if any, stands for 0, words[1] for
	                    UINT32_MAX */
	SCHEMA_RATE,     /* as SCHEMA_NUMBER, written N/s */
	SCHEMA_DURATION, /* uint32_t: s, or ms if @milli; words[0], if any, stands for UINT32_MAX */
	SCHEMA_WORD,     /* uint8_t: position in @words */
	SCHEMA_BOOL,     /* bool */
	SCHEMA_NAME,     /* char[CONFIG_NAME_LEN]: an interface */
	SCHEMA_FILE,     /* char *, owned */
	SCHEMA_DOMAIN,   /* the same: a domain without a dot at its end */
	SCHEMA_CPUS,     /* struct config_cpus */
	SCHEMA_VIDS,     /* struct config_vids: a VLAN, a range, all, or a list of such */
	SCHEMA_MAC,      /* uint64_t */
	SCHEMA_HOST,     /* struct ip: a host's address */
	SCHEMA_GATEWAY,  /* struct config_via: the same, or a list of them */
	SCHEMA_ADDRESS,  /* struct config_prefix: an interface's own, with its subnet's length */
	SCHEMA_PREFIX, /* struct config_prefix, host bits zero; words[0], if any, is that of all of
	                * IPv4 or, until a gateway decides, PREFIX_DEFAULT of either family */
	/* known words of versions to come */
	SCHEMA_LATER,
};

struct schema;
struct check;

/* A value that was just read, as its check function gets it. */
struct seen {
	const struct schema *schema;
	void *value;
	const struct path *path;
	uint32_t index;        /* its position in the list or among the names it is in */
	const struct mark *at; /* at[0]: the value; of a mapping at[1 + i]: its field i */
};

typedef void schema_check(struct check *check, const struct seen *seen);
typedef bool schema_unless(const void *base);

#define SCHEMA_MAX_FIELDS 20

struct schema {
	const char *key;          /* NULL ends a table of fields */
	const char *help;         /* a phrase for the manual and for completion */
	const char *fallback;     /* the default as the printer writes it; NULL: absent, all zero */
	const char *const *words; /* ends in NULL */
	const struct schema *fields; /* of a mapping: its keys; of a list: its element */
	schema_check *check;
	schema_unless *unless; /* where this holds of the struct around it, it need not be said
	                        * and is not printed */
	uint32_t min, max;     /* of a number or a time; max of names and lists: how many */
	uint32_t change;       /* enum config_change: what a difference here means */
	uint16_t offset;       /* in the struct around it */
	uint16_t size;         /* of the value, or of a list's element */
	uint16_t said;   /* offset in the same struct of a bool: it was said; 0: none keeps that */
	uint16_t count;  /* of names and lists: offset of the size_t that counts them */
	uint16_t hidden; /* of names: offset in an element of a bool: it is not of the file; 0: all
	                  * are */
	uint8_t type;    /* enum schema_type */
	uint8_t later;   /* words from this one on are of versions to come; 0: none */
	bool milli;      /* a time is in ms */
	bool required;   /* must be said */
	bool always;     /* printed even where it is the default */
};

/* The whole file, a mapping into struct config. */
extern const struct schema config_schema;

/* The field of mapping @s with key @key, NULL if there is none. Context: any. */
const struct schema *schema_field(const struct schema *s, const char *key);

/* A pointer to the value of @s in the struct @base. */
static inline void *schema_value(const struct schema *s, void *base)
{
	return (char *)base + s->offset;
}

static inline const void *schema_peek(const struct schema *s, const void *base)
{
	return (const char *)base + s->offset;
}

/* How many elements a list or a set of names has. */
static inline size_t schema_count(const struct schema *s, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base + s->count);
}

/* Element @i of a list or a set of names. */
static inline const void *schema_element(const struct schema *s, const void *base, size_t i)
{
	return *(const char *const *)schema_peek(s, base) + i * s->size;
}

#endif
