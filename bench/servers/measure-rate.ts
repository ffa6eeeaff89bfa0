/** Measures how much a server does in a second, and what CPU time that takes. */
import type { LoadResult } from '../h2load.ts'
import type { Column, Sample } from '../workload.ts'
import type { Ground } from './server-workload.ts'

/** The columns of `measureRate`; the first one is titled by the workload. */
export function rateColumns(title: 'calls/s' | 'messages/s'): readonly [Column, ...Column[]] {
  return [
    { key: 'rate', title, unit: 'count' },
    { key: 'perCpuSecond', title: `${title.split('/')[0]} per CPU second`, unit: 'count' },
    { key: 'busy', title: 'core busy', unit: '%' },
  ]
}

/** Loads the server twice: to warm up, and to measure. */
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
