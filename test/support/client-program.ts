/** Starts the client program as a user does, and collects its results. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { isDeep } from './depth.ts'
import { scanForSecrets } from './planted-secrets.ts'
import { type ProgramEnd, runInProcess } from './run-in-process.ts'

/** A running program. */
export interface RunningProgram {
  readonly child: ChildProcessWithoutNullStreams
  /** Settles when the program has exited and all its output has been read. */
  readonly end: Promise<ProgramEnd>
}

const MAIN = path.resolve(import.meta.dirname, '../../client/index.js')

/** Starts the program with pipes. It is killed when the running test ends, if still running. */
export function spawnProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })
  return child
}

/** Starts the program, and collects its output. */
export function startProgram(...args: Parameters<typeof spawnProgram>): RunningProgram {
  const child = spawnProgram(...args)
  return { child, end: endOf(child) }
}

/** Runs the program to completion: in this process, which is much faster, or in `npm run deep` in its own. */
export function runProgram(args: readonly string[], input = ''): Promise<ProgramEnd> {
  return isDeep ? runInOwnProcess(args, input) : runInProcess(args, { stdin: Readable.from([Buffer.from(input)]) })
}

function runInOwnProcess(args: readonly string[], input: string): Promise<ProgramEnd> {
  const { child, end } = startProgram(args)
  child.stdin.on('error', () => {}) // A program that needs no input may exit before the input is written.
  child.stdin.end(input)
  return end
}

/** Waits until the output matches, and returns it. */
export async function firstOutput({ stdout }: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = await once(stdout, 'data')
  return String(chunk)
}

async function endOf(child: ChildProcessWithoutNullStreams): Promise<ProgramEnd> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  scanForSecrets('output of a program', stdout + stderr)
  return { code, stdout, stderr }
}
