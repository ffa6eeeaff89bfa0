/** A logger whose lines tests can read. */
import * as pino from 'pino'
import { createLogger } from '../../server/telemetry/logger.ts'
import { scanForSecrets } from './planted-secrets.ts'

/** One log line, parsed. */
export type LogLine = Readonly<Record<string, unknown>>

/** A server logger that keeps its lines, and scans them for planted secrets. */
export class LogCapture {
  readonly lines: LogLine[] = []
  readonly logger: pino.Logger = createLogger(
    pino,
    { level: 'debug', format: 'json' },
    {
      write: (line) => {
        scanForSecrets('log', line)
        this.lines.push(JSON.parse(line) as LogLine)
      },
    },
  )

  /** The lines with this message, in order. */
  withMessage(message: string): LogLine[] {
    return this.lines.filter((line) => line.msg === message)
  }

  /** Everything that was logged, as text. */
  get text(): string {
    return this.lines.map((line) => JSON.stringify(line)).join('\n')
  }
}
