/** The history: the calls of this page, the newest first. */
import type { SavedCall } from '../contracts/saved-call.ts'
import { type KeptRecord, onUnreadable, openKeptStore } from './kept-store.ts'
import { randomId } from './random-id.ts'
import { at, readFlag, readNumber, readObject, readSavedCall, readText } from './read-saved-call.ts'
import { withoutSecrets } from './without-secrets.ts'

/** How a call ended. */
export interface CallOutcome {
  /** The name of the code, such as `OK` or `NOT_FOUND`. */
  readonly code: string
  readonly durationMs: number
}

/** A call of the history. */
export interface HistoryEntry extends CallOutcome {
  readonly id: string
  /** When it started, in milliseconds since 1970. */
  readonly startedAtMs: number
  readonly call: SavedCall
  /** Whether messages are missing, as they were too large to keep. */
  readonly isCut: boolean
  readonly isPinned: boolean
}

/** Older calls are forgotten, except for pinned ones. */
export const MAX_ENTRIES = 1_000

/** A call keeps as many of its messages. */
const MAX_MESSAGES_LENGTH = 32_768

const MAX_CODE_LENGTH = 64
const MAX_TIME_MS = 8.64e15
const PIN = 'pin:'
const CALL = 'call:'

const store = openKeptStore('history')

/** Grows with each change. */
export const historyVersion = store.version

/** Adds a call that has ended, without its secrets. Never fails. */
export async function recordCall(saved: SavedCall, outcome: CallOutcome): Promise<void> {
  const startedAtMs = Math.max(0, Math.round(Date.now() - outcome.durationMs))
  await addEntries([{ ...outcome, ...boundCall(withoutSecrets(saved)), startedAtMs, isPinned: false }])
}

/** Adds entries, such as imported ones. Returns whether the browser has stored them. */
export async function addEntries(entries: readonly Omit<HistoryEntry, 'id'>[]): Promise<boolean> {
  const isStored = await store.set(recordsOf(entries))
  await forgetOld().catch(onUnreadable)
  return isStored
}

/** Keeps these entries in place of all others. Returns whether the browser has stored them; if not, the others are still there. */
export async function replaceEntries(entries: readonly Omit<HistoryEntry, 'id'>[]): Promise<boolean> {
  const isStored = await store.replace(recordsOf(entries))
  await forgetOld().catch(onUnreadable)
  return isStored
}

function recordsOf(entries: readonly Omit<HistoryEntry, 'id'>[]): KeptRecord[] {
  return entries.flatMap(({ isPinned, ...record }): KeptRecord[] => {
    const id = `${String(Math.floor(record.startedAtMs)).padStart(16, '0')}-${randomId()}`
    return [[CALL + id, record], ...(isPinned ? [[PIN + id, true] as const] : [])]
  })
}

/** Returns all entries, the newest first. */
export async function readHistory(): Promise<readonly HistoryEntry[]> {
  const entries = await store.entries()
  const pins = new Set(entries.filter(([key]) => key.startsWith(PIN)).map(([key]) => key.slice(PIN.length)))
  const calls = entries.filter(([key]) => key.startsWith(CALL)).map(([key, record]) => [key.slice(CALL.length), record])
  return calls
    .flatMap(([id, record]) => readKept(String(id), record, pins))
    .sort((a, b) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? 1 : -1))
}

/** Pinned entries stay until they are deleted. */
export async function pinEntry(id: string, isPinned: boolean): Promise<void> {
  if (isPinned) await store.set([[PIN + id, true]])
  else await store.delete([PIN + id])
}

/** Deletes an entry. */
export async function deleteEntry(id: string): Promise<void> {
  await store.delete([CALL + id, PIN + id])
}

/** Deletes all entries, or all but the pinned ones. */
export async function clearHistory({ keepsPinned }: { readonly keepsPinned: boolean }): Promise<void> {
  if (!keepsPinned) return void (await store.clear())
  const keys = new Set(await store.keys())
  await store.delete([...keys].filter((key) => key.startsWith(CALL) && !keys.has(PIN + key.slice(CALL.length))))
}

/**
 * Reads an entry that comes from a file or from the browser's storage.
 *
 * @throws SavedDataError naming the part that is wrong
 */
export function readEntry(value: unknown, place: string): Omit<HistoryEntry, 'id'> {
  const entry = readObject(value, place)
  const call = boundCall(readSavedCall(entry.call, at(place, 'call')))
  return {
    ...call,
    isCut: call.isCut || readFlag(entry.isCut ?? false, at(place, 'isCut')),
    code: readText(entry.code, at(place, 'code'), MAX_CODE_LENGTH),
    durationMs: readNumber(entry.durationMs, at(place, 'durationMs'), MAX_TIME_MS),
    startedAtMs: readNumber(entry.startedAtMs, at(place, 'startedAtMs'), MAX_TIME_MS),
    isPinned: readFlag(entry.isPinned ?? false, at(place, 'isPinned')),
  }
}

/** Keys start with the time, so their order is that of the calls. */
async function forgetOld(): Promise<void> {
  const keys = new Set(await store.keys())
  const loose = [...keys].filter((key) => key.startsWith(CALL) && !keys.has(PIN + key.slice(CALL.length))).sort()
  const old = loose.slice(0, Math.max(0, loose.length - MAX_ENTRIES))
  if (old.length > 0) await store.delete(old)
}

/** Other versions of the page may have kept records that this one cannot read. */
function readKept(id: string, record: unknown, pins: ReadonlySet<string>): HistoryEntry[] {
  try {
    return [{ ...readEntry(record, 'entry'), id, isPinned: pins.has(id) }]
  } catch {
    return []
  }
}

/** Leaves out whole messages, never a part of one. */
function boundCall(call: SavedCall): Pick<HistoryEntry, 'call' | 'isCut'> {
  let length = 0
  const messages = call.messages.filter((text) => {
    length += text.length
    return length <= MAX_MESSAGES_LENGTH
  })
  return { call: { ...call, messages }, isCut: messages.length < call.messages.length }
}
