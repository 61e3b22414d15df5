// SPDX-License-Identifier: MIT
// An mbox: one file, which readers shorten and other programs lengthen under the same lock. A message has two cells, so
// that it can be torn. After a power cut each cell that was not flushed may be there, be zero, or be missing.
#define ZERO 0
#define OLD 1
#define FOREIGN 2
#define HEAD(m) (4 + 2 * (m))
#define BODY(m) (5 + 2 * (m))
#define CELLS 16

byte box[CELLS], box_disk[CELLS], size, size_disk;
byte box_lock;                                     // run + 1; others hold it during one atomic
byte off;                                          // where the intended batch begins
bool shifted;                                      // since then, the cells before it or the file itself have changed
bool taken[M];                                     // a reader has removed it
bool twice, part;
byte same;
bool appended;                                     // by the other program

#define EXCUSE(n) skip
#define RELEASE(who) if :: box_lock == who + 1 -> box_lock = 0 :: else fi
#define HOLDS(p, m) (box[p] == HEAD(m) && box[p + 1] == BODY(m))
#define BATCH (2 * ((row[0] == INTENT) + (row[1] == INTENT)))
// The p-th cell of the intended batch.
#define OURS(p) (row[0] == INTENT -> 4 + (p) : 6 + (p))

inline require_safe(m_) {
  do
  :: k + 1 < size_disk && !(box_disk[k] == HEAD(m_) && box_disk[k + 1] == BODY(m_)) -> k++
  :: else -> break
  od;
  REQUIRE(k + 1 < size_disk || taken[m_], lost);
  k = 0
}

inline require_single(m_) {
  twice = taken[m_];
  for (k : 0 .. CELLS - 2) {
    if
    :: k + 1 < size && HOLDS(k, m_) -> REQUIRE(!twice || told[m_], doubled); twice = true
    :: else
    fi
  };
  k = 0;
  twice = false
}

inline begin() { skip }                            // the spool file

inline complete() { st[m] = S1 }

inline drop_unfinished() { skip }

inline discard() { EACH(st[i] == S1 || st[i] == S2 || st[i] == S3 -> st[i] = KEPT) }

inline lock_box() {
#ifdef MUTANT_NO_BOX_LOCK
  skip
#else
  atomic { box_lock == 0 -> box_lock = me + 1 }
#endif
}

inline stage() {                                   // the spool is flushed, then the mbox is locked
  lock_box();
  d_step { off = size; shifted = false };
  EACH(st[i] == S1 -> st[i] = S2)
}

inline flush_box() {
  d_step {
    for (i : 0 .. CELLS - 1) { box_disk[i] = box[i] };
    size_disk = size;
    i = 0
  }
}

inline write(p, cell) {
  REQUIRE(p >= size || box[p] == ZERO || box[p] == cell, meddled);
  box[p] = cell;
  if :: size < p + 1 -> size = p + 1 :: else fi
}

inline write_batch() {
  do
  :: d_step { k < BATCH -> assert(off + k < CELLS); write(off + k, OURS(k)); k++ }
  :: atomic { k == BATCH -> k = 0; break }
  od
}

inline publish() {                                 // S3 -> S4
  write_batch();
#ifdef MUTANT_NO_BOX_FLUSH
  skip;
#else
  flush_box();
#endif
  EACH(st[i] == S3 -> st[i] = S4; require_single(i));
  atomic { RELEASE(me) }
}

// How many cells at the batch's offset equal the batch, and whether the others are zero or missing.
inline compare() {
  same = 0;
  do
  :: same < BATCH && off + same < size && box[off + same] == OURS(same) -> same++
  :: else -> break
  od;
  part = size <= off + BATCH && size >= off;
  for (k : 0 .. 3) {
    if
    :: off + k < size && k < BATCH && box[off + k] != ZERO && box[off + k] != OURS(k) -> part = false
    :: else
    fi
  };
  k = 0
}

// Others have added mail behind a torn batch: completes the batch and moves their mail, in one step (the journal).
inline insert_rest() {
  d_step {
    k = size;
    do
    :: k > off + same -> k--; box[k + BATCH - same] = box[k]
    :: else -> break
    od;
    size = size + BATCH - same;
    for (k : 0 .. 3) { if :: k >= same && k < BATCH -> box[off + k] = OURS(k) :: else fi };
    k = 0
  }
}

inline append_missing() {
  d_step {
    for (i : 0 .. M - 1) {
      if
      :: row[i] == INTENT ->
         do
         :: k + 1 < size && !HOLDS(k, i) -> k++
         :: else -> break
         od;
         if
         :: k + 1 >= size ->
#ifndef MUTANT_RECOVERY_APPENDS
            told[i] = true;
#endif
            assert(size + 2 <= CELLS);
            box[size] = HEAD(i);
            box[size + 1] = BODY(i);
            size = size + 2
         :: else
         fi;
         k = 0
      :: else
      fi
    };
    i = 0
  }
}

// A reader that removed the last messages leaves the same cells as a write that was cut short.
inline warn_of_missing() {
#ifdef MUTANT_COMPLETED_SILENTLY
  skip
#else
  EACH(row[i] == INTENT && same < BATCH -> told[i] = true)
#endif
}

inline recover() {                                 // S3, S4 -> S5
  if
  :: ANY(row[0] == INTENT, row[1] == INTENT) ->
     lock_box();
     flush_database();
     d_step { compare() };
     if
#ifdef MUTANT_RECOVERY_APPENDS
     :: same < BATCH -> append_missing(); flush_box()
#else
     :: part && !shifted ->
        warn_of_missing();
        write_batch();
        flush_box()
     :: !part && !shifted && 0 < same && same < BATCH && box[off + same] == FOREIGN ->
        warn_of_missing();
        insert_rest();
        flush_box()
#endif
     :: same == BATCH && !part && !shifted ->
#ifdef MUTANT_FOUND_IS_FLUSHED
        skip
#else
        flush_box()
#endif
     :: else -> append_missing(); flush_box()
     fi;
     EACH(row[i] == INTENT -> require_single(i); row[i] = DELIVERED);
     flush_database();
     atomic { same = 0; part = false; RELEASE(me) }
  :: else
  fi
}

inline sweep() { skip }

inline require_all_done() {
  d_step {
    for (k : 0 .. CELLS - 2) {                     // torn messages were reported and are also there whole
      REQUIRE(told[0] || told[1] || k >= size ||
              !((box[k] == HEAD(0) && !HOLDS(k, 0)) || (box[k] == HEAD(1) && !HOLDS(k, 1))), torn)
    };
    k = 0;
    for (i : 0 .. M - 1) { REQUIRE(!listed[i] && (row[i] == DELIVERED || row[i] == REMOVED), stuck) };
    i = 0
  }
}

inline cut_disk() {
  do
  :: size > size_disk -> size--; box[size] = ZERO
  :: break
  od;
  for (f : 0 .. CELLS - 1) {
    if
    :: box[f] != box_disk[f] && f < size -> box[f] = box_disk[f]
    :: true
    fi;
    box_disk[f] = box[f]
  };
  size_disk = size;
  f = 0
}

inline grow_old() { skip }

// Removes the entry at p, which has `cells` cells, and flushes.
inline cut_out(p, cells) {
  if :: p < off -> shifted = true :: else fi;
  for (k : 0 .. CELLS - 1) {
    if
    :: k >= p && k + cells < CELLS -> box[k] = box[k + cells]
    :: k + cells >= CELLS -> box[k] = ZERO
    :: else
    fi
  };
  size = size - cells;
  for (k : 0 .. CELLS - 1) { box_disk[k] = box[k] };
  size_disk = size;
  k = 0
}

proctype Reader() {
  byte i, k, f;
end_reading:
  do
  :: d_step { readings > 0 && box_lock == 0 && box[0] == OLD -> readings--; cut_out(0, 1) }
  :: atomic {
       readings > 0 && box_lock == 0 ->
       if :: i = 0 :: i = 1 fi;
       do
       :: k + 1 < size && !HOLDS(k, i) -> k++
       :: else -> break
       od;
       if
       :: k + 1 < size -> readings--; taken[i] = true; f = k; cut_out(f, 2)
       :: else
       fi;
       i = 0; k = 0; f = 0
     }
  od
}

proctype Other() {                                 // it appends and does not flush
end_idle:
  do
  :: d_step { box_lock == 0 && !appended && size > 0 -> appended = true; box[size] = FOREIGN; size++ }
  od
}

inline run_others() {
  box[0] = OLD;
  box_disk[0] = OLD;
  size = 1;
  size_disk = 1;
  run Reader();
  run Other()
}
