/** Starts the servers, checks their responses, and creates a cell for each server and workload. */
import { checkExchange } from '../exchange.ts'
import { startServer } from '../start-server.ts'
import type { Cell, Plan } from '../workload.ts'
import { bulkWorkloads } from './bulk.ts'
import { callsBesideWorkload } from './calls-beside.ts'
import { fanOutWorkloads } from './fan-out.ts'
import { footprintWorkloads } from './footprint.ts'
import { latencyWorkload } from './latency.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import type { BenchServer } from './servers.ts'
import { streamWorkloads } from './streams.ts'
import { unaryWorkloads } from './unary.ts'

/** All workloads of servers, in the order of the report. */
export const SERVER_WORKLOADS: readonly ServerWorkload[] = [
  ...unaryWorkloads,
  ...streamWorkloads,
  ...bulkWorkloads,
  ...fanOutWorkloads,
  latencyWorkload,
  callsBesideWorkload,
  ...footprintWorkloads,
]

/** The requirements for measuring servers. */
export interface ServerCellsOptions {
  readonly servers: readonly BenchServer[]
  readonly workloads: readonly ServerWorkload[]
  readonly plan: Plan
  /** Path of the load program on grpc-go. */
  readonly grpcGoLoad: string
  /** A folder for files. */
  readonly folder: string
}

/** Cells of running servers. Disposing of it stops the servers. */
export interface ServerCells extends AsyncDisposable {
  readonly cells: readonly Cell[]
}

/**
 * Makes the cells, the ones of a workload side by side. All servers run from now on: one that is not measured is idle.
 *
 * @throws Error when a server does not start, or answers a workload wrongly
 */
export async function startServerCells(options: ServerCellsOptions): Promise<ServerCells> {
  await using running = new AsyncDisposableStack()
  const cells: { order: number; cell: Cell }[] = []
  for (const server of options.servers) {
    const workloads = options.workloads.filter((workload) => takesPart(server, workload))
    if (workloads.length === 0) continue
    const started = running.use(await startServer(server.program))
    const ground = { ...options, server: started, start: () => startServer(server.program) }
    for (const workload of workloads) {
      await checkExchange(started.address, workload.exchange)
      cells.push({ order: options.workloads.indexOf(workload), cell: cellOf(server, workload, ground) })
    }
  }
  const owned = running.move()
  return {
    cells: cells.sort((a, b) => a.order - b.order).map(({ cell }) => cell),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function takesPart({ abilities, workloads }: BenchServer, workload: ServerWorkload): boolean {
  return abilities.includes(workload.needs) && (workloads?.includes(workload.name) ?? true)
}

function cellOf({ name, title }: BenchServer, workload: ServerWorkload, ground: Ground): Cell {
  return {
    workload,
    contestant: name,
    title,
    async measure() {
      const sample = await workload.measure(ground)
      await ground.server.settle()
      return sample
    },
  }
}
