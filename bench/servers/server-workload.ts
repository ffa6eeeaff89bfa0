/** The definition of a server workload: how to check a server, and how to measure it. */
import type { Exchange } from '../exchange.ts'
import type { RunningServer } from '../start-server.ts'
import type { Plan, Sample, Workload } from '../workload.ts'
import type { Ability } from './servers.ts'

/** A workload that servers take part in. */
export interface ServerWorkload extends Workload {
  /** What a server must support to take part. */
  readonly needs: Ability
  /** A call that a server must answer correctly, to the byte, before it is measured. */
  readonly exchange: Exchange
  measure(ground: Ground): Promise<Sample>
}

/** The means of a measurement. */
export interface Ground {
  /** The server, checked, warmed up and idle. */
  readonly server: RunningServer
  /** Starts another process of the same server, for cold measurements. The caller stops it. */
  start(): Promise<RunningServer>
  readonly plan: Plan
  /** Path of the load program on grpc-go. */
  readonly grpcGoLoad: string
  /** A folder for files. */
  readonly folder: string
}
