/** Real registries and brokers for tests: they stop, die and come back at the same port with the same data. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accepts } from '../ports.ts'
import { endWithProcess } from '../processes.ts'

const PATIENCE_MS = 20_000

/** How to start a server. */
export interface BrokerCommand {
  readonly program: string
  /** Receives the folder for its data. */
  readonly args: (folder: string) => readonly string[]
  /** The port of 127.0.0.1 that it listens on. */
  readonly port: number
}

/** A server that runs until it is disposed of. */
export class BrokerProcess implements AsyncDisposable {
  readonly port: number
  readonly #command: BrokerCommand
  readonly #folder: string
  #child: ChildProcess | null = null

  private constructor(command: BrokerCommand, folder: string) {
    this.port = command.port
    this.#command = command
    this.#folder = folder
  }

  /** Starts a server with an empty folder, and waits until it accepts connections. */
  static async start(command: BrokerCommand): Promise<BrokerProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), `${path.basename(command.program)}-`))
    const broker = new BrokerProcess(command, folder)
    await broker.start()
    return broker
  }

  /** Starts it again, with the data that it had. */
  async start(): Promise<void> {
    const { program, args, port } = this.#command
    const child = endWithProcess(spawn(program, args(this.#folder), { stdio: 'ignore' }))
    this.#child = child
    const failed = once(child, 'error').then(([error]) => Promise.reject(error))
    await Promise.race([failed, this.#untilListening(child, port)])
    failed.catch(() => {})
  }

  /** Stops it, or kills it, and waits for its end. Does nothing if it does not run. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Freezes it, so that connections stay open without an answer, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGCONT')
    await this.stop('SIGKILL')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #untilListening(child: ChildProcess, port: number): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS
    while (!(await accepts(port))) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        child.kill('SIGKILL')
        throw new Error(`${this.#command.program} does not listen at port ${port}`)
      }
      await sleep(20)
    }
  }
}
