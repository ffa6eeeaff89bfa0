/** Starts a server on its core, and reads from the kernel what it uses. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { onServerCore, type Program } from './cores.ts'
import { ADDRESS_LINE } from './servers/announce.ts'

/** A server that listens. Its methods reject, with what it wrote, once it has ended. Disposing of it ends it. */
export interface RunningServer extends AsyncDisposable {
  /** host:port. */
  readonly address: string
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void
  /** The CPU time that it has used so far, in a resolution of 10 ms. */
  cpuSeconds(): Promise<number>
  /** The memory that it holds. */
  residentBytes(): Promise<number>
  /** Resolves once it is idle, so that what one load leaves behind is not paid by the next. */
  settle(): Promise<void>
}

type Child = ChildProcessByStdio<null, null, Readable>

/** How `/proc` counts CPU time, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const SETTLE_STEP_MS = 100
const MAX_SETTLE_STEPS = 50
/** What is kept of standard error, for the message of a server that ends. */
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
  /** No server outlives the run, however that ends. */
  readonly #kill = () => this.#child.kill('SIGKILL')
  readonly #listening = Promise.withResolvers<void>()
  #written = ''
  #address = ''

  constructor(child: Child, { program, args }: Program) {
    this.#child = child
    this.#name = [program, ...args].join(' ')
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#note(text))
    child.on('error', (error) => this.#listening.reject(error))
    child.on('close', () => this.#listening.reject(this.#endedError()))
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
    const stat = await this.#read('stat')
    // The second field is the program's name in parentheses, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
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

  #read(file: 'stat' | 'status'): Promise<string> {
    if (this.#hasEnded()) throw this.#endedError()
    return readFile(`/proc/${this.#child.pid}/${file}`, 'utf8')
  }

  #endedError(): Error {
    return new Error(`${this.#name} has ended:\n${this.#written}`)
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}
