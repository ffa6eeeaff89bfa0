/** Measures the rate of a server, and its CPU time. */
import type { LoadResult } from '../h2load.ts'
import type { Column, Sample } from '../workload.ts'
import type { Ground } from './server-workload.ts'

/** The columns of `measureRate`; the workload sets the title of the first one. */
export function rateColumns(title: 'calls/s' | 'messages/s' | 'deliveries/s'): readonly [Column, ...Column[]] {
  return [
    { key: 'rate', title, unit: 'count' },
    { key: 'perCpuSecond', title: `${title.split('/')[0]} per CPU second`, unit: 'count' },
    { key: 'busy', title: 'core busy', unit: '%' },
  ]
}

/** Loads the server twice: for warm-up, and for the measurement. */
export async function measureRate(
  { server, plan }: Ground,
  load: (seconds: number) => Promise<LoadResult>,
): Promise<Sample> {
  await load(plan.warmUpSeconds)
  await server.settle()
  const before = await server.cpuSeconds()
  const { operations, seconds } = await load(plan.seconds)
  const cpuSeconds = (await server.cpuSeconds()) - before
  if (operations === 0) throw new Error(`nothing was done within ${seconds} s`)
  return { rate: operations / seconds, perCpuSecond: operations / cpuSeconds, busy: (cpuSeconds / seconds) * 100 }
}
