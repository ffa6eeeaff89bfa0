/** Assigns cores: the server has one for itself, the load generator another. */
import { availableParallelism } from 'node:os'
import { runCommand } from '../test/support/command.ts'

const SERVER_CORE = 0
const LOAD_CORE = 1
/** Time beyond the requested seconds: for connecting, and finishing what is open. */
const GRACE_MS = 30_000

/** A program with its arguments. */
export interface Program {
  readonly program: string
  readonly args: readonly string[]
}

/** @throws Error on a machine with fewer than two cores */
export function requireTwoCores(): void {
  if (availableParallelism() < 2) throw new Error('two cores are needed: one for the server, one for the load')
}

/** The same program, bound to the server core. Its process id is that of the program itself. */
export function onServerCore(program: Program): Program {
  return pinned(SERVER_CORE, program)
}

/** The same program, bound to the load core. */
export function onLoadCore(program: Program): Program {
  return pinned(LOAD_CORE, program)
}

/**
 * Runs a load generator until it exits.
 *
 * @returns its standard output
 * @throws Error with all that it wrote when it fails or does not end in time
 */
export function runLoad(program: Program, seconds: number): Promise<string> {
  return withinSeconds(onLoadCore(program), seconds)
}

/** Like {@link runLoad}, on the core that the program is bound to, if any. Go programs get one thread. */
export function withinSeconds(program: Program, seconds: number): Promise<string> {
  const env = { ...process.env, GOMAXPROCS: '1', NODE_ENV: 'production' }
  return runCommand({ ...program, env, timeoutMs: seconds * 1_000 + GRACE_MS })
}

function pinned(core: number, { program, args }: Program): Program {
  return { program: 'taskset', args: ['-c', String(core), program, ...args] }
}
