/** `call ADDRESS METHOD`: any method of any server. */
import { ConnectError, type Transport } from '@connectrpc/connect'
import { createTransport } from '../../transport.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { callMethod, givesOne, takesOne } from '../call/call-method.ts'
import { decodeDetails } from '../call/decode-details.ts'
import { findMethod } from '../call/find-method.ts'
import { formatMessage } from '../call/json-messages.ts'
import { openRequestData } from '../call/request-data.ts'
import { connectionFlags, readConnection } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { openSchema, schemaFlags } from '../schema/schema-flags.ts'
import type { SchemaSource } from '../schema/schema-source.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { printableLines } from '../terminal/printable.ts'
import { withShownHeaders } from '../terminal/show-headers.ts'
import { defineCommand } from './command.ts'

const DESCRIPTION = `${ADDRESS_HELP}
METHOD is package.Service/Method. Requests are JSON: one message, or a message a line for methods that take many,
sent as they come. The server's API is learned by reflection, or from --proto or --descriptors.`

const callFlags = {
  data: {
    type: 'string',
    short: 'd',
    placeholder: 'JSON',
    help: 'request; @FILE from a file, @- from standard input (default)',
  },
  'emit-defaults': { type: 'boolean', help: 'print fields that have their default value, too' },
  ...schemaFlags,
  ...connectionFlags,
} as const satisfies FlagTable

interface Call {
  readonly methodName: string
  readonly values: FlagValues<typeof callFlags>
  readonly transport: Transport
  readonly source: SchemaSource
}

/** The generic call. */
export const callCommand = defineCommand({
  name: 'call',
  operands: ['ADDRESS', 'METHOD'],
  summary: 'call any method of any server, with JSON in and out',
  description: DESCRIPTION,
  flags: callFlags,
  async execute({ values, operands: [address = '', methodName = ''] }, io) {
    const connection = await readConnection(address, values)
    const source = await openSchema({ values, connection, signal: io.signal })
    const transport = createTransport(values.verbose ? withShownHeaders(connection, io.stderr) : connection)
    try {
      await call({ methodName, values, transport, source }, io)
    } catch (error) {
      if (error instanceof ConnectError) await decodeDetails(error, source)
      throw error
    } finally {
      await Promise.all([transport.close(), source.close()])
    }
  },
})

async function call({ methodName, values, transport, source }: Call, io: Io): Promise<void> {
  const [method, registry] = await findMethod(source, methodName)
  const data = openRequestData(values.data, takesOne(method), io)
  const format = {
    registry,
    alwaysEmitImplicit: values['emit-defaults'] ?? false,
    isPretty: givesOne(method) && (io.stdout.isTTY ?? false),
  }
  for await (const message of callMethod({ method, transport, data, registry, signal: io.signal })) {
    await writeLine(io.stdout, printableLines(formatMessage(method.output, message, format)))
  }
}
