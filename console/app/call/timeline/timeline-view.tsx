/** The time line of a stream: what was sent and received, as it happens. */
import type { Registry } from '@bufbuild/protobuf'
import { useMemo, useRef, useState } from 'preact/hooks'
import type { TimelineEntry } from '../../contracts/live-call.ts'
import { Disclosure } from '../../parts/disclosure.tsx'
import { downloadFile } from '../../parts/download.ts'
import { countOf } from '../../parts/format.ts'
import { VirtualList } from '../../parts/virtual-list.tsx'
import type { RunningCall } from '../engine/running-call.ts'
import { RateCharts } from './rate-charts.tsx'
import { TimelineDetails } from './timeline-details.tsx'
import { timelineNdjson } from './timeline-file.ts'
import { filterEntries, NO_FILTER, type TimelineFilter, type TimelineTypes } from './timeline-filter.ts'
import { TimelineRow } from './timeline-row.tsx'
import { TimelineToolbar } from './timeline-toolbar.tsx'
import { useSummary } from './use-summary.ts'

const ROW_HEIGHT_PX = 32

/** Draws the time line of a call. */
export function TimelineView({ call, registry }: { call: RunningCall; registry: Registry }) {
  const types = { method: call.init.method, registry }
  const [filter, setFilter] = useState<TimelineFilter>(NO_FILTER)
  const [pausedAt, setPausedAt] = useState<readonly TimelineEntry[] | null>(null)
  const entries = pausedAt ?? call.timeline.value
  const shown = useMemo(() => filterEntries(entries, filter, types), [entries, filter])
  return (
    <div class="stack is-tight timeline">
      <TimelineToolbar
        filter={filter}
        isPaused={pausedAt !== null}
        onFilter={setFilter}
        onPause={(isPaused) => setPausedAt(isPaused ? call.timeline.peek() : null)}
        onSave={() =>
          downloadFile(`${call.init.method.name}.ndjson`, timelineNdjson(entries, types), 'application/x-ndjson')
        }
        copied={() => timelineNdjson(shown, types)}
      />
      <Note call={call} pausedAt={pausedAt} shown={shown.length} total={entries.length} />
      <Entries shown={shown} types={types} />
      <Disclosure summary="Throughput and latency">
        <RateCharts call={call} />
      </Disclosure>
      <Summary call={call} />
    </div>
  )
}

interface NoteProps {
  readonly call: RunningCall
  readonly pausedAt: readonly TimelineEntry[] | null
  readonly shown: number
  readonly total: number
}

/** Says what the list does not show. */
function Note({ call, pausedAt, shown, total }: NoteProps) {
  const { dropped } = call.counts.value
  const parts = [
    dropped > 0 && `The oldest ${countOf(dropped, 'entry is', 'entries are')} no longer kept.`,
    shown < total && `${countOf(total - shown, 'entry', 'entries')} filtered out.`,
    pausedAt !== null && newSince(call, pausedAt),
  ].filter((part) => typeof part === 'string')
  return parts.length === 0 ? null : <p class="small soft">{parts.join(' ')}</p>
}

function newSince(call: RunningCall, pausedAt: readonly TimelineEntry[]): string {
  const last = pausedAt.at(-1)?.index ?? -1
  const newest = call.timeline.value.at(-1)?.index ?? last
  return `Paused: ${countOf(newest - last, 'new entry', 'new entries')}.`
}

function Entries({ shown, types }: { shown: readonly TimelineEntry[]; types: TimelineTypes }) {
  const [selected, setSelected] = useState<TimelineEntry | null>(null)
  const list = useRef<HTMLDivElement>(null)
  const place = selected === null ? -1 : shown.findIndex(({ index }) => index === selected.index)
  const pressed = (event: KeyboardEvent) => {
    const next = placeAfter(event.key, place, shown.length)
    const entry = next === undefined ? undefined : shown[next]
    if (entry === undefined) return
    event.preventDefault()
    setSelected(entry)
    // The row is there once the list has been scrolled to it.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-index="${entry.index}"]`)?.focus())
  }
  return (
    <div ref={list}>
      <VirtualList
        count={shown.length}
        rowHeightPx={ROW_HEIGHT_PX}
        isFollowing={selected === null}
        shownIndex={place < 0 ? undefined : place}
        attributes={{
          class: 'timeline-list',
          role: 'log',
          'aria-label': 'Time line',
          'aria-live': 'off',
          tabIndex: 0,
          onKeyDown: pressed,
        }}
        row={(at) => {
          const entry = shown[at]
          if (entry === undefined) return null
          const before = shown[at - 1]
          return (
            <TimelineRow
              key={entry.index}
              entry={entry}
              gapMs={before === undefined ? null : entry.atMs - before.atMs}
              types={types}
              isSelected={entry.index === selected?.index}
              onSelect={() => setSelected(entry.index === selected?.index ? null : entry)}
            />
          )
        }}
      />
      {selected !== null && <TimelineDetails entry={selected} types={types} onClose={() => setSelected(null)} />}
    </div>
  )
}

/** Returns the place that a key leads to; undefined if it is no key of the list. */
function placeAfter(key: string, place: number, count: number): number | undefined {
  if (key === 'ArrowDown') return place < 0 ? 0 : Math.min(place + 1, count - 1)
  if (key === 'ArrowUp') return place < 0 ? count - 1 : Math.max(place - 1, 0)
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return undefined
}

function Summary({ call }: { call: RunningCall }) {
  return (
    <span class="visually-hidden" role="status">
      {useSummary(call)}
    </span>
  )
}
