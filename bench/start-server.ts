/** Starts a server on its core, and reads its resource usage from the kernel. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { onServerCore, type Program } from './cores.ts'
import { ADDRESS_LINE } from './servers/announce.ts'

/** A listening server. Its methods reject, with its output, once it has exited. Disposing of it stops it. */
export interface RunningServer extends AsyncDisposable {
  /** host:port. */
  readonly address: string
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void
  /** The CPU time used so far by the server and the processes that it started, with a resolution of 10 ms. */
  cpuSeconds(): Promise<number>
  /** The resident memory. */
  residentBytes(): Promise<number>
  /** Resolves once it is idle, so that leftovers of one load do not affect the next. */
  settle(): Promise<void>
}

type Child = ChildProcessByStdio<null, null, Readable>

/** The CPU time unit of `/proc`, on every Linux that Node supports. */
const TICKS_PER_SECOND = 100
const SETTLE_STEP_MS = 100
const MAX_SETTLE_STEPS = 50
/** The part of standard error kept for the error message of a server that exits. */
const MAX_WRITTEN = 10_000

/**
 * @param bind the core that it runs on; default: that of servers
 * @throws Error with what it wrote when it ends before it listens
 */
export async function startServer(program: Program, bind = onServerCore): Promise<RunningServer> {
  const pinned = bind(program)
  const child = spawn(pinned.program, pinned.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GOMAXPROCS: '1', NODE_ENV: 'production' },
  })
  const server = new ServerProcess(child, program)
  await server.listening
  return server
}

class ServerProcess implements RunningServer {
  readonly #child: Child
  readonly #name: string
  /** Stops all servers when the run ends, for any reason. */
  readonly #kill = () => this.#child.kill('SIGKILL')
  readonly #listening = Promise.withResolvers<void>()
  readonly #closed: Promise<unknown>
  #written = ''
  #address = ''

  constructor(child: Child, { program, args }: Program) {
    this.#child = child
    this.#name = [program, ...args].join(' ')
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#note(text))
    child.on('error', (error) => this.#listening.reject(error))
    child.on('close', () => this.#listening.reject(this.#endedError()))
    this.#closed = once(child, 'close')
    this.#closed.catch(() => {})
    process.on('exit', this.#kill)
  }

  /** Resolves once the address is known. */
  get listening(): Promise<void> {
    return this.#listening.promise
  }

  get address(): string {
    return this.#address
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async cpuSeconds(): Promise<number> {
    const stats = [await this.#read('stat'), ...(await Promise.all((await this.#children()).map(statOf)))]
    return stats.reduce((seconds, stat) => seconds + cpuSecondsIn(stat), 0)
  }

  async residentBytes(): Promise<number> {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await this.#read('status')) ?? []
    return Number(kibibytes) * 1_024
  }

  async settle(): Promise<void> {
    let before = await this.cpuSeconds()
    for (let step = 0; step < MAX_SETTLE_STEPS; step += 1) {
      await sleep(SETTLE_STEP_MS)
      const now = await this.cpuSeconds()
      if (now === before) return
      before = now
    }
    throw new Error(`${this.#name} is still busy long after its load has ended`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#hasEnded()) return
    const ended = once(this.#child, 'exit')
    this.#kill()
    await ended
  }

  #note(text: string): void {
    this.#written = (this.#written + text).slice(-MAX_WRITTEN)
    this.#address ||= ADDRESS_LINE.exec(this.#written)?.[1] ?? ''
    if (this.#address !== '') this.#listening.resolve()
  }

  async #children(): Promise<readonly string[]> {
    const { pid } = this.#child
    return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((child) => child !== '')
  }

  /** A server that exits during the read is reported like one that has exited before. */
  async #read(file: 'stat' | 'status'): Promise<string> {
    if (this.#hasEnded()) throw this.#endedError()
    try {
      return await readFile(`/proc/${this.#child.pid}/${file}`, 'utf8')
    } catch {
      await this.#closed
      throw this.#endedError()
    }
  }

  #endedError(): Error {
    return new Error(`${this.#name} has ended:\n${this.#written}`)
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

function statOf(pid: string): Promise<string> {
  return readFile(`/proc/${pid}/stat`, 'utf8')
}

/** Returns the user and system time in the `/proc/PID/stat` of a process. */
export function cpuSecondsIn(stat: string): number {
  // The second field is the program's name in parentheses, which may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
