/* SPDX-License-Identifier: BSD-2-Clause */
/* replay: runs a fuzz target on each file of the folders that are its arguments. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (1u << 20)

/* The input is copied to a block of its own size, so that a sanitizer sees its end. */
static int replay_file(const char *path)
{
	FILE *in = fopen(path, "re");
	uint8_t *buf = malloc(INPUT_MAX);
	uint8_t *data = NULL;
	size_t len;
	int err = -1;

	if (in == NULL || buf == NULL)
		goto close;
	len = fread(buf, 1, INPUT_MAX, in);
	data = malloc(len > 0 ? len : 1);
	if (data == NULL || ferror(in) != 0)
		goto close;
	memcpy(data, buf, len);
	(void)fprintf(stderr, "%s\n", path); /* the last one told is the culprit */
	err = LLVMFuzzerTestOneInput(data, len);
close:
	free(data);
	free(buf);
	if (in != NULL)
		(void)fclose(in);
	return err;
}

/* Return: how many files were tried, or -1. */
static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int n = 0;

	if (dir == NULL)
		return -1;
	while (n >= 0 && (entry = readdir(dir)) != NULL) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		n = replay_file(path) == 0 ? n + 1 : -1;
	}
	(void)closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int n = replay_folder(argv[i]);

		if (n <= 0) {
			(void)fprintf(stderr, "replay: %s: %s\n", argv[i],
			              n == 0 ? "empty" : "cannot be read");
			return 1;
		}
		printf("%s: %d inputs\n", argv[i], n);
	}
	return argc < 2;
}
