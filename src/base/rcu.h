/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sharing between threads: liburcu's QSBR behind three words. The agent writes, workers read. A
 * shared pointer is an RCU_PTR(), which is a struct, so that following it without rcu_get() does
 * not compile. A worker reports one quiescent state a loop and holds nothing across it.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#include <urcu-qsbr.h>

/* A pointer that one thread publishes and others follow. */
#define RCU_PTR(type)          \
	struct {               \
		type *rcu_ptr; \
	}

/* Follow @field; the object stays until the reader's next quiescent state. Context: any. */
#define rcu_get(field) rcu_dereference((field)->rcu_ptr)

/* Publish @new and give back the old one, to be freed through call_rcu(). Context: agent. */
#define rcu_swap(field, new) rcu_xchg_pointer(&(field)->rcu_ptr, (new))

#endif
