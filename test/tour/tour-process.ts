/** A server of the tour, in its own process, with the lines that it logs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { endWithProcess } from '../support/processes.ts'

/** A line of its log. */
export type LogLine = Readonly<Record<string, unknown>>

const LISTENING = /listening at (http:\S+)/
const START_TIMEOUT_MS = 30_000

/** Disposing of it ends the process. */
export class TourProcess implements AsyncDisposable {
  readonly lines: LogLine[] = []
  /** `http://127.0.0.1:PORT`. */
  origin = ''
  readonly #child: ChildProcess

  private constructor(program: string, args: readonly string[], collector: string) {
    const script = path.join(import.meta.dirname, program)
    const flags = ['--port', '0', '--log-format', 'json', '--telemetry', ...args]
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector, OTEL_BSP_SCHEDULE_DELAY: '100' }
    this.#child = endWithProcess(
      spawn(process.execPath, [script, ...flags], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
    )
  }

  /**
   * Waits until it listens.
   *
   * @param collector the origin of the OpenTelemetry collector that it exports to
   * @throws Error if it ends before, or does not listen within 30 s
   */
  static async start(program: string, args: readonly string[], collector: string): Promise<TourProcess> {
    const started = new TourProcess(program, args, collector)
    const listens = Promise.withResolvers<void>()
    const lines = createInterface({ input: started.#child.stdout as NodeJS.ReadableStream })
    lines.on('line', (text) => {
      if (!text.startsWith('{')) return
      const line = JSON.parse(text) as LogLine
      started.lines.push(line)
      const origin = LISTENING.exec(String(line.msg))?.[1]
      if (origin !== undefined) started.origin = origin
      if (origin !== undefined) listens.resolve()
    })
    started.#child.once('exit', () => listens.reject(new Error(`${program} ended before it listened`)))
    const timer = setTimeout(() => started.#child.kill('SIGKILL'), START_TIMEOUT_MS)
    await listens.promise.finally(() => clearTimeout(timer))
    return started
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    return new URL(this.origin).host
  }

  /** The lines with this message that were logged since. */
  since(count: number, message: string): LogLine[] {
    return this.lines.slice(count).filter(({ msg }) => msg === message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}
