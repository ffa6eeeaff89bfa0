/** The demo's commands: they call greeter.v1.GreeterService. */
import { toJsonString } from '@bufbuild/protobuf'
import { printable } from '../../../../wire/text/escape-controls.ts'
import { createTransport } from '../../transport.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { readUint32, readUint64 } from '../arguments/flag-values.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { type Command, defineCommand } from '../commands/command.ts'
import { greeterAddress, greeterAddressFlag } from '../connection/address-flag.ts'
import { connectionFlags } from '../connection/connection.ts'
import { ADDRESS_HELP } from '../connection/parse-address.ts'
import { waitingFor } from '../connection/time-limit.ts'
import { withConnection } from '../connection/with-connection.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { readLines } from '../terminal/read-lines.ts'
import { withShownHeaders } from '../terminal/show-headers.ts'
import { all, type GreeterCall, get, hello, put } from './greeter-calls.ts'

const greeterFlags = {
  ...greeterAddressFlag,
  json: { type: 'boolean', help: 'print messages as JSON, one per line' },
  ...connectionFlags,
} as const satisfies FlagTable

type GreeterValues = FlagValues<typeof greeterFlags>

/** In the order of the help: one for each of the four call modes. */
export const greeterCommands: readonly Command[] = [
  defineCommand({
    name: 'hello',
    operands: ['NAME'],
    summary: 'greet by name (unary)',
    description: ADDRESS_HELP,
    flags: greeterFlags,
    execute: ({ values, operands: [name = ''] }, io) => withGreeter(values, io, (greeter) => hello(greeter, name)),
  }),
  defineCommand({
    name: 'get',
    operands: ['TOPIC'],
    summary: 'print the messages of a topic as they arrive (server stream)',
    description: ADDRESS_HELP,
    flags: {
      after: {
        type: 'string',
        placeholder: 'N',
        help: 'start after sequence number N; 0 replays everything the server keeps (default: new messages only)',
      },
      epoch: {
        type: 'string',
        placeholder: 'EPOCH',
        help: 'epoch of that message (see --json), to detect a restarted server',
      },
      limit: { type: 'string', placeholder: 'N', help: 'end after N messages (default 0: no limit)' },
      ...greeterFlags,
    },
    async execute({ values, operands: [topic = ''] }, io) {
      const afterSequence = values.after === undefined ? undefined : readUint64('--after', values.after)
      const limit = readUint32('--limit', values.limit ?? '0')
      await withGreeter(values, io, (greeter) =>
        get(greeter, { topic, afterSequence, epoch: values.epoch ?? '', limit }),
      )
    },
  }),
  defineCommand({
    name: 'put',
    operands: ['TOPIC'],
    summary: 'publish each line of standard input (client stream)',
    description: ADDRESS_HELP,
    flags: greeterFlags,
    execute: ({ values, operands: [topic = ''] }, io) => withGreeter(values, io, (greeter) => put(greeter, topic)),
  }),
  defineCommand({
    name: 'all',
    operands: ['TOPIC'],
    summary: 'chat: publish each line of standard input, print all messages of the topic (bidirectional stream)',
    description: ADDRESS_HELP,
    flags: greeterFlags,
    execute: ({ values, operands: [topic = ''] }, io) => withGreeter(values, io, (greeter) => all(greeter, topic)),
  }),
]

async function withGreeter(values: GreeterValues, io: Io, use: (greeter: GreeterCall) => Promise<void>): Promise<void> {
  const address = greeterAddress({ values }, io)
  await withConnection({ address, values, io }, async (connection, limit) => {
    const transport = createTransport(values.verbose ? withShownHeaders(connection, io.stderr) : connection)
    limit.defer(() => transport.close())
    limit.begin(() => waitingFor(transport, 'the answer'))
    await use({
      transport,
      options: limit.callOptions(),
      lines: textsOf(io),
      print: (schema, message, text) =>
        writeLine(io.stdout, printable(values.json ? toJsonString(schema, message) : text)),
      note: (text) => writeLine(io.stderr, text),
    })
  })
}

async function* textsOf({ stdin }: Io): AsyncGenerator<string, void> {
  for await (const { text } of readLines(stdin)) yield text
}
