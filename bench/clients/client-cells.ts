/** Starts the server that all clients call, and creates a cell for each client and workload. */
import { onLoadCore, onServerCore, type Program, withinSeconds } from '../cores.ts'
import { startServer } from '../start-server.ts'
import type { Cell, Plan } from '../workload.ts'
import type { ClientWorkload } from './client-workloads.ts'
import type { ContestingClient } from './clients.ts'
import type { ClientOutcome } from './programs/client-program.ts'

/** The requirements for measuring clients. */
export interface ClientCellsOptions {
  readonly clients: readonly ContestingClient[]
  readonly workloads: readonly ClientWorkload[]
  readonly plan: Plan
  /** Path of the server on grpc-go. */
  readonly grpcGoServer: string
}

/** Cells of clients. Disposing of it stops their server. */
export interface ClientCells extends AsyncDisposable {
  readonly cells: readonly Cell[]
}

/** Creates the cells, grouped by workload. A client has its own core, which servers use in other benchmarks. */
export async function startClientCells(options: ClientCellsOptions): Promise<ClientCells> {
  const { clients, workloads, plan, grpcGoServer } = options
  if (clients.length === 0 || workloads.length === 0) return { cells: [], async [Symbol.asyncDispose]() {} }
  const server = await startServer({ program: grpcGoServer, args: [] }, onLoadCore)
  const cells = workloads.flatMap((workload) =>
    takingPart(clients, workload).map(({ name, title, program }) => ({
      workload,
      contestant: name,
      title,
      async measure() {
        const numbers = [workload.callsAtOnce, plan.seconds, plan.warmUpSeconds].map(String)
        const outcome = await run(
          { ...program, args: [...program.args, server.address, workload.task, ...numbers] },
          plan,
        )
        await server.settle()
        return workload.sampleOf(outcome)
      },
    })),
  )
  return { cells, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

function takingPart(
  clients: readonly ContestingClient[],
  { contestants }: ClientWorkload,
): readonly ContestingClient[] {
  return contestants === undefined ? clients : clients.filter(({ name }) => contestants.includes(name))
}

async function run(program: Program, { seconds, warmUpSeconds }: Plan): Promise<ClientOutcome> {
  const output = await withinSeconds(onServerCore(program), seconds + warmUpSeconds)
  return JSON.parse(output) as ClientOutcome
}
