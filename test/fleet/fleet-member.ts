/** One server of a fleet, in its own process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { endWithProcess } from '../support/processes.ts'

/**
 * `product` is `node server`; `patient` is the same, and waits for balancers when it drains; `fickle` is the same, and changes its
 * health at each SIGUSR2.
 */
export type MemberKind = 'product' | 'patient' | 'fickle'

const PRODUCT = [path.resolve(import.meta.dirname, '../../server'), '--port', '0', '--log-format', 'json', '--no-page']

const PROGRAMS: Readonly<Record<MemberKind, readonly string[]>> = {
  product: PRODUCT,
  patient: [...PRODUCT, '--drain-delay', '2s'],
  fickle: [path.join(import.meta.dirname, 'server.ts')],
}
const ADDRESS = /listening at (?:http:\/\/)?(127\.0\.0\.1:\d+)/

/** A server that listens. */
export class FleetMember {
  readonly name: string
  /** `127.0.0.1:PORT`, as connections call it too. */
  readonly address: string
  /** The exit code; null where a signal ended the process. */
  readonly exited: Promise<number | null>
  readonly #child: ChildProcess

  private constructor(name: string, address: string, child: ChildProcess) {
    this.name = name
    this.address = address
    this.#child = child
    this.exited = once(child, 'exit').then(([code]) => code as number | null)
  }

  /**
   * Waits until it listens.
   *
   * @param args further arguments of the program. Default: none
   * @throws Error when it ends before
   */
  static async start(name: string, kind: MemberKind, args: readonly string[] = []): Promise<FleetMember> {
    const program = [...PROGRAMS[kind], ...args]
    const child = endWithProcess(spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] }))
    for await (const line of createInterface({ input: child.stdout })) {
      const address = ADDRESS.exec(line)?.[1]
      if (address === undefined) continue
      child.stdout.resume()
      return new FleetMember(name, address, child)
    }
    throw new Error(`${name} ended before it listened`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}
