/** Runs the work of commands that call a server: with a time limit, a connection, and hints for failures. */
import type { TransportOptions } from '../../transport-options.ts'
import type { Io } from '../terminal/io.ts'
import { HintedError } from '../terminal/program-errors.ts'
import { type ConnectionValues, readConnection, tlsFlagsOf } from './connection.ts'
import { hintFor } from './hint-for.ts'
import { withoutCredentials } from './known-resolvers.ts'
import { type TimeLimit, withinTime } from './time-limit.ts'

/** The address of the server, and the flags about it. */
export interface Place {
  readonly address: string
  readonly values: ConnectionValues
  readonly io: Pick<Io, 'signal' | 'programName'>
}

/**
 * Runs the work of a command.
 *
 * @throws UsageError for invalid flags, HintedError if there is a hint, and whatever the work throws
 */
export async function withConnection(
  { address, values, io }: Place,
  use: (connection: TransportOptions, limit: TimeLimit) => Promise<void>,
): Promise<void> {
  let connection: TransportOptions | undefined
  try {
    await withinTime(values, io, async (limit) => {
      connection = await readConnection(address, values)
      await use(connection, limit)
    })
  } catch (error) {
    const hint =
      connection &&
      hintFor(error, {
        ...situationOf(connection),
        programName: io.programName,
        address: withoutCredentials(address),
        tlsFlags: tlsFlagsOf(values),
      })
    throw hint === undefined ? error : new HintedError(error, hint)
  }
}

function situationOf({ protocol = 'grpc', httpVersion = '2', tls, baseUrl }: TransportOptions) {
  return { protocol, httpVersion, isTls: tls != null || baseUrl?.startsWith('https:') === true }
}
