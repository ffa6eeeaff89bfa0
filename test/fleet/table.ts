/** What a client saw, second by second. */
import type { CallLog } from './call-log.ts'

/** What happened in between. */
export interface FleetEvent {
  readonly atMs: number
  readonly what: string
}

/** How a table is made. */
export interface TableInit {
  readonly log: CallLog
  readonly startedAtMs: number
  /** Names by address, in the order of the columns. */
  readonly members: ReadonlyMap<string, string>
  readonly events: readonly FleetEvent[]
}

/** A line for each second: calls by outcome (when they ended), attempts by server (when they began), and events. */
export function tableOf({ log, startedAtMs, members, events }: TableInit): string {
  const secondOf = (atMs: number): number => Math.floor((atMs - startedAtMs) / 1_000)
  const outcomes = [...new Set(['OK', ...log.calls.map(({ outcome }) => outcome)])]
  const rows = new Map<number, Map<string, number>>()
  const count = (second: number, column: string): void => {
    const row = rows.get(second) ?? new Map<string, number>()
    rows.set(second, row.set(column, (row.get(column) ?? 0) + 1))
  }
  for (const { endedAtMs, outcome } of log.calls) count(secondOf(endedAtMs), outcome)
  for (const { atMs, peer } of log.attempts) count(secondOf(atMs), members.get(peer) ?? peer)
  const columns = [...outcomes, ...members.values()]
  const lines = [...rows.keys()]
    .sort((a, b) => a - b)
    .map((second) => {
      const cells = columns.map((column) => String(rows.get(second)?.get(column) ?? '').padStart(widthOf(column)))
      const happened = events.filter(({ atMs }) => secondOf(atMs) === second).map(({ what }) => what)
      return `${String(second).padStart(3)} ${cells.join(' ')}  ${happened.join('; ')}`.trimEnd()
    })
  return [`  s ${columns.map((column) => column.padStart(widthOf(column))).join(' ')}`, ...lines].join('\n')
}

function widthOf(column: string): number {
  return Math.max(column.length, 5)
}
