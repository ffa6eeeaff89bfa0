/** Which entries of a time line are shown. */
import type { DescMethod, Registry } from '@bufbuild/protobuf'
import type { MessageEntry, TimelineEntry } from '../../contracts/live-call.ts'
import { messageLine } from '../body/message-text.ts'

/** What the user wants to see. */
export interface TimelineFilter {
  /** Shows only messages whose JSON has this text, whatever its case. Empty for all. */
  readonly text: string
  /** `all` also shows headers, trailers and the end. */
  readonly direction: 'all' | 'sent' | 'received'
}

/** Shows everything. */
export const NO_FILTER: TimelineFilter = Object.freeze({ text: '', direction: 'all' })

/** The types of what a time line holds. */
export interface TimelineTypes {
  readonly method: DescMethod
  readonly registry: Registry
}

/** Returns the entries that a filter lets through. */
export function filterEntries(
  entries: readonly TimelineEntry[],
  filter: TimelineFilter,
  types: TimelineTypes,
): readonly TimelineEntry[] {
  const text = filter.text.toLowerCase()
  if (text === '' && filter.direction === 'all') return entries
  return entries.filter((entry) => {
    if (entry.kind !== 'message') return filter.direction === 'all' && text === ''
    if (filter.direction !== 'all' && entry.direction !== filter.direction) return false
    return text === '' || entryText(entry, types).toLowerCase().includes(text)
  })
}

/** Returns the JSON of a message in one line. */
export function entryText({ direction, message }: MessageEntry, { method, registry }: TimelineTypes): string {
  return messageLine(direction === 'sent' ? method.input : method.output, message, registry)
}
