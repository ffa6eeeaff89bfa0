/** What is measured, independent of the contestants: servers today, clients in the same way. */

/** The result of one measurement: a number per column. */
export type Sample = Readonly<Record<string, number>>

/** The number format. */
export type Unit = 'count' | 'ms' | 'µs' | 'ns' | 'KiB' | '%'

/** One number of a sample. */
export interface Column {
  /** Its key in the sample. */
  readonly key: string
  /** The column header. */
  readonly title: string
  readonly unit: Unit
}

/** A table of the report. */
export interface Workload {
  /** Its name on the command line. */
  readonly name: string
  readonly title: string
  /** What is done, and how much of it at once, for readers who do not know the code. */
  readonly explanation: string
  /** Contestants are compared by the first one. */
  readonly columns: readonly [Column, ...Column[]]
  /** The name of the contestant to compare the others with. */
  readonly baseline: string
}

/** How long and how often to measure. */
export interface Plan {
  /** Each round measures everything once, so that a temporary disturbance does not affect only one contestant. */
  readonly rounds: number
  /** The duration of one measurement. */
  readonly seconds: number
  /** The duration of the load before each measurement. */
  readonly warmUpSeconds: number
}

/** One contestant in one workload. */
export interface Cell {
  readonly workload: Workload
  /** The contestant's name on the command line. */
  readonly contestant: string
  /** The contestant's name in the report. */
  readonly title: string
  /** Measures once. Rejects when a response is wrong or a call fails. */
  measure(): Promise<Sample>
}

/** A cell with its results, one sample per round. */
export interface Result extends Omit<Cell, 'measure'> {
  readonly samples: readonly Sample[]
}
