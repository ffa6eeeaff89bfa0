/** `call ADDRESS METHOD`: any method of any server. */
import { ConnectError } from '@connectrpc/connect'
import { printable, printableLines } from '../../../../wire/text/escape-controls.ts'
import { type ClientTransport, createTransport } from '../../transport.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { callMethod, givesOne, takesOne } from '../call/call-method.ts'
import { decodeDetails } from '../call/decode-details.ts'
import { findMethod } from '../call/find-method.ts'
import { formatMessage } from '../call/json-messages.ts'
import { openRequestData } from '../call/request-messages.ts'
import { addressFlag, takeAddress } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import type { TimeLimit } from '../connection/time-limit.ts'
import { withConnection } from '../connection/with-connection.ts'
import { MetTypes } from '../message/met-types.ts'
import type { Schema } from '../schema/schema.ts'
import { openSchema, schemaFlags } from '../schema/schema-flags.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { withShownHeaders } from '../terminal/show-headers.ts'
import { defineCommand } from './command.ts'

const DESCRIPTION = `${ADDRESS_HELP}
METHOD is package.Service/Method. Requests are JSON: one message, or a message per line for methods that take many,
which are sent as they arrive. Without -d a method that takes one message gets an empty one, and one that takes many reads
standard input, even from a terminal (Ctrl-D ends it). The API comes from the server's reflection, or from --proto or
--descriptors. A google.protobuf.Any of unknown type is {"@type": URL, "@value": BASE64}, in requests as well.`

const callFlags = {
  data: {
    type: 'string',
    short: 'd',
    placeholder: 'JSON',
    help: 'request; @FILE from a file, @ or @- from standard input',
  },
  'emit-defaults': { type: 'boolean', help: 'also print fields that have their default value' },
  ...addressFlag,
  ...schemaFlags,
  ...connectionFlags,
} as const satisfies FlagTable

interface Call {
  readonly methodName: string
  readonly values: FlagValues<typeof callFlags>
  readonly transport: ClientTransport
  readonly schema: Schema
  readonly types: MetTypes
  readonly limit: TimeLimit
}

/** The generic call. */
export const callCommand = defineCommand({
  name: 'call',
  operands: ['[ADDRESS]', 'METHOD'],
  summary: 'call any method of any server, with JSON in and out',
  description: DESCRIPTION,
  flags: callFlags,
  async execute(args, io) {
    const { values } = args
    const [address, [methodName = '']] = takeAddress(args, io, ['METHOD'])
    await withConnection({ address, values, io }, async (connection, limit) => {
      const transport = createTransport(values.verbose ? withShownHeaders(connection, io.stderr) : connection)
      limit.defer(() => transport.close())
      const schema = await openSchema({ values, connection, limit })
      const types = new MetTypes(schema, limit.signal)
      try {
        await call({ methodName, values, transport, schema, types, limit }, io)
      } catch (error) {
        if (error instanceof ConnectError) await decodeDetails(error, types)
        throw error
      }
    })
  },
})

async function call({ methodName, values, transport, schema, types, limit }: Call, io: Io): Promise<void> {
  const method = await findMethod(schema, methodName)
  const data = openRequestData(values.data, takesOne(method), io)
  const format = {
    types,
    emitsDefaults: values['emit-defaults'] ?? false,
    isPretty: givesOne(method) && (io.stdout.isTTY ?? false),
  }
  const reported = new Set<string>()
  for await (const message of callMethod({ method, transport, data, types, limit })) {
    const { text, gaps } = await formatMessage(method.output, message, format)
    await writeLine(io.stdout, printableLines(text))
    for (const gap of gaps) {
      if (!reported.has(gap)) await writeLine(io.stderr, printable(`warning: ${gap}`))
      reported.add(gap)
    }
  }
}
