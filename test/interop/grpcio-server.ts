/** The client program against a server on Python's grpcio: descriptors without JSON names, and v1alpha alone. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { Code } from '@connectrpc/connect'
import { runCommand, runFailingCommand, startProgram } from '../support/command.ts'
import type { Check } from '../support/run-checks.ts'
import { generatePython, PYTHON } from './grpcio-venv.ts'

const PROGRAM = path.resolve(import.meta.dirname, '../../client/node/cli/main.ts')
const PROTOS = path.join(import.meta.dirname, 'grpcio/protos')
const FILES = ['shop', 'old', 'note', 'detail'].map((name) => `shop/${name}.proto`)

const DETAIL = {
  '@type': 'type.googleapis.com/shop.Detail',
  detailText: 'why',
  deeperDetail: { '@type': 'type.googleapis.com/shop.Old', oldId: 7, '[shop.note]': 'deep' },
}
const ORDER = {
  orderId: 'a',
  itemCounts: ['9007199254740993', '-1'],
  extraData: DETAIL,
  placedAt: '2026-01-02T03:04:05.000006Z',
  oldPart: { oldId: 1, '[shop.note]': 'x' },
}

/** The checks, and the server that they talk to. */
export async function grpcioServerChecks(
  folder: string,
): Promise<AsyncDisposable & { readonly checks: readonly Check[] }> {
  const stubs = path.join(folder, 'grpcio-shop')
  await generatePython({ stubs, root: PROTOS, files: FILES })
  const server = await startProgram(
    { program: PYTHON, args: [path.join(import.meta.dirname, 'grpcio/server.py'), stubs] },
    /listening at (\d+)/,
  )
  const address = `http://127.0.0.1:${server.found}`
  const args = (...rest: readonly string[]) => ({ program: process.execPath, args: [PROGRAM, ...rest] })
  const checks: Check[] = [
    {
      name: 'grpcio server: keys, Anys and extensions of a call are as they were sent',
      async run() {
        const order = JSON.stringify(ORDER)
        assert.deepEqual(JSON.parse(await runCommand(args('call', address, 'shop.Shop/Buy', '-d', order))), ORDER)
      },
    },
    {
      name: 'grpcio server: the details of an error are decoded',
      async run() {
        const output = await runFailingCommand(
          args('call', address, 'shop.Shop/Refuse', '-d', JSON.stringify({ extraData: DETAIL })),
        )
        const { '@type': _, ...detail } = DETAIL
        assert.match(output, new RegExp(`ended with ${64 + Code.Aborted}`))
        assert.ok(output.includes(`detail: shop.Detail ${JSON.stringify(detail)}`), output)
      },
    },
    {
      name: 'grpcio server: list and describe',
      async run() {
        assert.match(await runCommand(args('list', address)), /^shop\.Shop$/m)
        assert.match(
          await runCommand(args('describe', address, 'shop.Detail')),
          /google\.protobuf\.Any deeper_detail = 2;/,
        )
      },
    },
  ]
  return { checks, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
