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

#if defined(__has_feature) && !defined(__SANITIZE_THREAD__)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1 /* as gcc says it */
#endif
#endif

/* Follow @field; the object stays until the reader's next quiescent state. Context: any. */
#ifndef __SANITIZE_THREAD__
#define rcu_get(field) rcu_dereference((field)->rcu_ptr)
#else /* which does not see into liburcu */
#define rcu_get(field) __atomic_load_n(&(field)->rcu_ptr, __ATOMIC_ACQUIRE)
#endif

/* Publish @new and give back the old one, to be freed through call_rcu(). Context: agent. */
#ifndef __SANITIZE_THREAD__
#define rcu_swap(field, new) rcu_xchg_pointer(&(field)->rcu_ptr, (new))
#else
#define rcu_swap(field, new) __atomic_exchange_n(&(field)->rcu_ptr, (new), __ATOMIC_ACQ_REL)
#endif

#endif
