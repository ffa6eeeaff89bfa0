/** Runs other programs: to completion, or until no longer needed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { endWithProcess } from './processes.ts'

const DEFAULT_TIMEOUT_MS = 30_000

/** A program, its arguments, and its input. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  /** Standard input. Default: none. */
  readonly input?: string
  /** The working directory. Default: that of this process. */
  readonly cwd?: string
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** The time limit in milliseconds: until the program exits, or until its output matches. Default 30,000. */
  readonly timeoutMs?: number
}

/** A long-running program, such as a server. */
export interface RunningProgram extends AsyncDisposable {
  /** The match of `until` in its output. */
  readonly found: string
  /** Sends a signal and waits for the exit. Returns the exit code, or null if the signal ended the program. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/**
 * Runs a program to its end.
 *
 * @returns what it wrote to standard output
 * @throws Error with all that it wrote when it cannot be started, fails, or takes too long
 */
export async function runCommand({ program, args, input = '', ...options }: Command): Promise<string> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, ...place } = options
  const child = endWithProcess(spawn(program, args, { ...place, stdio: 'pipe', timeout: timeoutMs }))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (code === 0) return stdout
  throw new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}\n${stdout}${stderr}`)
}

/**
 * Runs a command that has to fail.
 *
 * @returns all that it wrote
 * @throws Error when it does not fail
 */
export async function runFailingCommand(command: Command): Promise<string> {
  const outcome = await runCommand(command).then(
    (stdout) => ({ isFailure: false, output: stdout }),
    (error: Error) => ({ isFailure: true, output: error.message }),
  )
  if (!outcome.isFailure) throw new Error(`${command.program} should have failed, and wrote:\n${outcome.output}`)
  return outcome.output
}

/**
 * Starts a program and waits until a line of its standard output matches. Disposing of it stops it.
 *
 * @param until its first group is what the caller wants to know, as an address
 * @throws Error when the program ends before, or no line matches in time
 */
export async function startProgram(
  { program, args, cwd, env, timeoutMs = DEFAULT_TIMEOUT_MS }: Command,
  until: RegExp,
): Promise<RunningProgram> {
  const child = endWithProcess(spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] }))
  const ended = once(child, 'close')
  const timer = setTimeout(() => child.kill('SIGTERM'), timeoutMs)
  for await (const line of createInterface({ input: child.stdout })) {
    const found = until.exec(line)?.[1]
    if (found === undefined) continue
    clearTimeout(timer)
    child.stdout.resume()
    return { found, end: (signal) => end(child, ended, signal), [Symbol.asyncDispose]: () => stop(child, ended) }
  }
  clearTimeout(timer)
  await ended
  throw new Error(`${program} ended before it wrote ${until}`)
}

async function end(child: ChildProcess, ended: Promise<unknown[]>, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal)
  await ended
  return child.exitCode
}

async function stop(child: ChildProcess, ended: Promise<unknown[]>): Promise<void> {
  await end(child, ended, 'SIGTERM')
}
