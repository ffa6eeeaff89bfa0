/** Decodes each JSON bomb at the default maximum length, and prints the outcome, one line each. */
import { Code, ConnectError } from '@connectrpc/connect'
import { createMessageCodecs } from '../../wire/message-codec.ts'
import { JSON_BOMBS, PLAIN_JSON } from './json-bombs.ts'
import { Sample } from './sample-types.ts'

const LENGTH = 4_194_304

const { json } = createMessageCodecs({ decodes: Sample, encodes: Sample }, { json: {}, binary: undefined })

for (const [name, make] of Object.entries({ ...JSON_BOMBS, ...PLAIN_JSON })) {
  process.stdout.write(`${name}: ${endOf(Buffer.from(make(LENGTH - 300)))}\n`)
}
process.stdout.write(`brackets: ${endOf(Buffer.alloc(LENGTH, '['))}\n`)
process.stdout.write(`braces: ${endOf(Buffer.alloc(LENGTH, '{"a":'))}\n`)

function endOf(data: Buffer): string {
  try {
    json.decode(data)
    return 'OK'
  } catch (error) {
    return Code[ConnectError.from(error).code] ?? ''
  }
}
