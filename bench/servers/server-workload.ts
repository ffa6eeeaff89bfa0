/** What a workload of servers is: how a server is checked, and how it is measured. */
import type { Exchange } from '../exchange.ts'
import type { RunningServer } from '../start-server.ts'
import type { Plan, Sample, Workload } from '../workload.ts'
import type { Ability } from './servers.ts'

/** A workload that servers take part in. */
export interface ServerWorkload extends Workload {
  /** What a server needs to take part. */
  readonly needs: Ability
  /** A call that a server must answer rightly, to the byte, before it is measured. */
  readonly exchange: Exchange
  measure(ground: Ground): Promise<Sample>
}

/** What a measurement may use. */
export interface Ground {
  /** The server, which has answered the exchange, is idle, and has been loaded before. */
  readonly server: RunningServer
  /** Starts another process of the same server, for what has to begin cold. The caller ends it. */
  start(): Promise<RunningServer>
  readonly plan: Plan
  /** Path of the load program on grpc-go. */
  readonly grpcGoLoad: string
  /** A folder for files. */
  readonly folder: string
}
