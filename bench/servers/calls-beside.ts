/** The cost of a call next to many idle open calls. */
import { holdOpen } from '../grpc-go-load.ts'
import { h2load } from '../h2load.ts'
import type { Column, Sample } from '../workload.ts'
import { measureRate } from './measure-rate.ts'
import type { Ground, ServerWorkload } from './server-workload.ts'
import { ECHO } from './streams.ts'

const HELD = [1, 1_000, 10_000, 100_000] as const
/** Servers allow at least 100 streams on a connection. */
const STREAMS_OF_CONNECTION = 100
const CONNECTIONS = 8
const STREAMS = 32
const MICROSECONDS = 1e6

/** The CPU time of a short bidirectional call, with increasing numbers of open calls. */
export const callsBesideWorkload: ServerWorkload = {
  name: 'calls-beside',
  title: 'A call beside others',
  explanation: `The CPU time of an Echo of one message while other Echo calls are open and idle, up to ${STREAMS_OF_CONNECTION} on a connection: it should not depend on how many there are. h2load with ${CONNECTIONS} connections of ${STREAMS} calls each; a grpc-go client holds the others.`,
  columns: columnsOf(HELD),
  baseline: 'grpc-go',
  needs: 'grpc-streams',
  exchange: ECHO,
  measure: measureBeside,
}

function columnsOf([first, ...others]: typeof HELD): readonly [Column, ...Column[]] {
  const columnOf = (held: number): Column => ({
    key: keyOf(held),
    title: `beside ${held.toLocaleString('en')}`,
    unit: 'µs',
  })
  return [columnOf(first), ...others.map(columnOf)]
}

function keyOf(held: number): string {
  return `beside${held}`
}

/** In its own process, since the memory that it has used stays with it. */
async function measureBeside(ground: Ground): Promise<Sample> {
  const { start, folder, grpcGoLoad: program } = ground
  await using server = await start()
  const { address } = server
  const sample: Record<string, number> = {}
  for (const streams of HELD) {
    const connections = Math.ceil(streams / STREAMS_OF_CONNECTION)
    await using _held = await holdOpen({ program, address, workload: 'streams', connections, streams })
    await server.settle()
    const load = (seconds: number) =>
      h2load({ exchange: ECHO, address, connections: CONNECTIONS, streams: STREAMS, seconds, folder })
    const { perCpuSecond = Number.NaN } = await measureRate({ ...ground, server }, load)
    sample[keyOf(streams)] = MICROSECONDS / perCpuSecond
  }
  return sample
}
