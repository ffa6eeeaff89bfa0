/** The command line of the benchmarks. */
import { parseArgs } from 'node:util'
import type { Plan } from './workload.ts'

/** What a run does. */
export interface BenchOptions extends Plan {
  /** The workloads to measure; empty for all. */
  readonly workloads: readonly string[]
  /** The contestants to measure; empty for all. */
  readonly contestants: readonly string[]
  /** Whether this is the full run, whose results are published. */
  readonly isWhole: boolean
}

/** The names that `--only` may take. */
export interface Names {
  readonly workloads: readonly string[]
  readonly contestants: readonly string[]
}

const WHOLE: Plan = { rounds: 5, seconds: 2.5, warmUpSeconds: 0.75 }
const QUICK: Plan = { rounds: 1, seconds: 1, warmUpSeconds: 0.5 }
const MAX_ROUNDS = 99
const MAX_SECONDS = 60
const MIN_SECONDS = 0.1

/** What `--help` prints. */
export function helpText({ workloads, contestants }: Names): string {
  return `npm run bench -- [options]

Measures our servers, their peers and the limits of the machine side by side. A run without options takes about
three quarters of an hour and writes its tables into docs/performance.md; any other only prints them.

  --quick             one short round, about three minutes
  --only NAME,...     only these workloads, and only these contestants
  --rounds N          from 1 to ${MAX_ROUNDS}, default ${WHOLE.rounds}
  --seconds N         of one measurement, from ${MIN_SECONDS} to ${MAX_SECONDS}, default ${WHOLE.seconds}
  --help              this text

workloads:    ${workloads.join(' ')}
contestants:  ${contestants.join(' ')}
`
}

/**
 * Reads the command line.
 *
 * @returns undefined when help is asked for
 * @throws RangeError that names every fault, TypeError on an unknown option
 */
export function readOptions(args: readonly string[], names: Names): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
    },
  })
  if (values.help) return undefined
  const plan = values.quick ? QUICK : WHOLE
  const rounds = Number(values.rounds ?? plan.rounds)
  const seconds = Number(values.seconds ?? plan.seconds)
  const only = values.only.split(',').filter((name) => name !== '')
  const faults = [
    ...(Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS
      ? []
      : [`--rounds is ${values.rounds}: it must be an integer from 1 to ${MAX_ROUNDS}`]),
    ...(seconds >= MIN_SECONDS && seconds <= MAX_SECONDS
      ? []
      : [`--seconds is ${values.seconds}: it must be from ${MIN_SECONDS} to ${MAX_SECONDS}`]),
    ...only
      .filter((name) => !names.workloads.includes(name) && !names.contestants.includes(name))
      .map((name) => `--only names ${name}, which is no workload or contestant: see --help`),
  ]
  if (faults.length > 0) throw new RangeError(faults.join('\n'))
  return {
    rounds,
    seconds,
    warmUpSeconds: Math.min(plan.warmUpSeconds, seconds),
    workloads: names.workloads.filter((name) => only.includes(name)),
    contestants: names.contestants.filter((name) => only.includes(name)),
    isWhole: args.length === 0,
  }
}
