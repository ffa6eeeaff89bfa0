/** `node server` as a child process, as users start it; it serves calls on the lane under test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { testLane } from './demo-server.ts'
import type { LogLine } from './log-capture.ts'
import { scanForSecrets } from './planted-secrets.ts'

const SERVER = path.resolve(import.meta.dirname, '../../server/index.js')

/** A started server. It is killed when the running test ends. */
export class ServerProcess {
  readonly child: ChildProcess
  readonly lines: LogLine[] = []
  /** The exit code; null if a signal ended the process. */
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''
  #wake: (() => void)[] = []

  /** @param script what to run instead of this repository's server */
  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, script: string = SERVER) {
    this.child = spawn(process.execPath, [script, ...args], {
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        PORTICO_LANE: testLane,
        ...env,
      },
    })
    this.exited = once(this.child, 'close').then(([code]) => code as number | null)
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk
      scanForSecrets('stderr', String(chunk))
    })
    const { stdout } = this.child
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#onLine(line))
    this.exited.then(() => this.#wakeAll())
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.exited
    })
  }

  /** Starts it on a free port and waits until it listens. */
  static async listen(
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    script: string = SERVER,
  ): Promise<{ server: ServerProcess; port: number; origin: string }> {
    const server = new ServerProcess(['--port', '0', '--log-format', 'json', ...args], env, script)
    const line = await server.untilLine((text) => text.includes('listening at'))
    const port = Number(/:(\d+)/.exec(line.replace(/^.*listening at/, ''))?.[1])
    return { server, port, origin: `http://127.0.0.1:${port}` }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Waits for a log line whose message contains this. Rejects if the process ends first. */
  async untilLine(holds: (message: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.lines.map((line) => String(line.msg)).find(holds)
      if (found !== undefined) return found
      if (this.child.exitCode !== null) throw new Error(`the server ended: ${this.stderr}${this.stdout}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  #onLine(line: string): void {
    this.stdout += `${line}\n`
    scanForSecrets('stdout', line)
    if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine)
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
