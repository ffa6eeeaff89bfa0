/** What is measured, apart from who is measured: servers today; clients can be measured the same way. */

/** What one measurement yields: a number for each column. */
export type Sample = Readonly<Record<string, number>>

/** How a number is written. */
export type Unit = 'count' | 'ms' | 'µs' | 'KiB' | '%'

/** One number of a sample. */
export interface Column {
  /** Its key in the sample. */
  readonly key: string
  /** The head of the column. */
  readonly title: string
  readonly unit: Unit
}

/** A table of the report. */
export interface Workload {
  /** Its name on the command line. */
  readonly name: string
  readonly title: string
  /** What is done, and how much of it at once, for somebody who has not read the code. */
  readonly explanation: string
  /** The first one is what contestants are compared by. */
  readonly columns: readonly [Column, ...Column[]]
  /** The name of the contestant that the others are compared with. */
  readonly baseline: string
}

/** How long and how often to measure. */
export interface Plan {
  /** Each round measures everything once, so that what disturbs the machine for a while does not hit one contestant only. */
  readonly rounds: number
  /** The time of one measurement. */
  readonly seconds: number
  /** The load before each measurement. */
  readonly warmUpSeconds: number
}

/** One contestant in one workload. */
export interface Cell {
  readonly workload: Workload
  /** The contestant's name on the command line. */
  readonly contestant: string
  /** The contestant's name in the report. */
  readonly title: string
  /** Measures once. It rejects when an answer is wrong or a call fails: that is no figure. */
  measure(): Promise<Sample>
}

/** A cell with what it yielded, one sample a round. */
export interface Result extends Omit<Cell, 'measure'> {
  readonly samples: readonly Sample[]
}
