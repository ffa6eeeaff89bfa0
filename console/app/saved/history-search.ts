/** Finds calls of the history. */
import type { HistoryEntry } from './history.ts'

/** What the user looks for. */
export interface HistorySearch {
  /** Words, each of which is somewhere in the call. */
  readonly text: string
  readonly isPinnedOnly: boolean
}

/** Returns the entries that have all words: in the method, protocol, code, names and values of headers, or messages. */
export function searchHistory(entries: readonly HistoryEntry[], search: HistorySearch): readonly HistoryEntry[] {
  const words = search.text.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter((entry) => {
    if (search.isPinnedOnly && !entry.isPinned) return false
    if (words.length === 0) return true
    const text = textOf(entry)
    return words.every((word) => text.includes(word))
  })
}

function textOf({ call, code }: HistoryEntry): string {
  const headers = call.headers.map(({ name, value }) => `${name}: ${value}`)
  return [call.method, call.protocol, code, ...headers, ...call.messages].join('\n').toLowerCase()
}
