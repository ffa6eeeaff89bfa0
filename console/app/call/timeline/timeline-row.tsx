/** A row of a time line. */
import type { TimelineEntry } from '../../contracts/live-call.ts'
import { formatBytes, formatDuration } from '../../parts/format.ts'
import { entryText, type TimelineTypes } from './timeline-filter.ts'

/** Longer texts do not fit into a row. */
const MAX_TEXT = 400

/** What a row shows. */
export interface TimelineRowProps {
  readonly entry: TimelineEntry
  /** Milliseconds since the entry before; null for the first one. */
  readonly gapMs: number | null
  readonly types: TimelineTypes
  readonly isSelected: boolean
  readonly onSelect: () => void
}

/** Draws the row. */
export function TimelineRow({ entry, gapMs, types, isSelected, onSelect }: TimelineRowProps) {
  const { mark, name, size, text } = partsOf(entry, types)
  return (
    <button
      type="button"
      class={`timeline-row is-${kindOf(entry)}`}
      data-index={entry.index}
      tabIndex={isSelected ? 0 : -1}
      aria-pressed={isSelected}
      onClick={onSelect}
    >
      <span class="timeline-mark" aria-hidden="true">
        {mark}
      </span>
      <span class="timeline-name">{name}</span>
      <span class="timeline-time" title={gapMs === null ? '' : `${formatDuration(gapMs)} after the one before`}>
        {formatDuration(entry.atMs)}
        {gapMs !== null && <span class="timeline-gap">+{formatDuration(gapMs)}</span>}
      </span>
      <span class="timeline-size">{size}</span>
      <span class="timeline-text" dir="auto">
        {text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text}
      </span>
    </button>
  )
}

function kindOf(entry: TimelineEntry): string {
  if (entry.kind === 'message') return entry.direction
  if (entry.kind === 'end') return entry.status.code === 'OK' ? 'good-end' : 'bad-end'
  return 'event'
}

interface RowParts {
  readonly mark: string
  readonly name: string
  readonly size: string
  readonly text: string
}

function partsOf(entry: TimelineEntry, types: TimelineTypes): RowParts {
  switch (entry.kind) {
    case 'message': {
      const { direction, sequence, sizeBytes } = entry
      const name = `${direction === 'sent' ? 'Sent' : 'Received'} ${sequence}`
      return {
        mark: direction === 'sent' ? '↑' : '↓',
        name,
        size: formatBytes(sizeBytes),
        text: entryText(entry, types),
      }
    }
    case 'headers':
      return { mark: '·', name: 'Headers', size: '', text: namesOf(entry.fields) }
    case 'trailers':
      return { mark: '·', name: 'Trailers', size: '', text: namesOf(entry.fields) }
    case 'half-close':
      return { mark: '⇥', name: 'Half-closed', size: '', text: 'no more messages will be sent' }
    case 'end':
      return { mark: '■', name: entry.status.code, size: '', text: entry.status.message }
  }
}

function namesOf(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([name]) => name).join(', ')
}
