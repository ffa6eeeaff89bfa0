/** Processes that may not generate code, as under a policy of their operator. */
import path from 'node:path'
import { expect, test } from 'vitest'
import { runCommand } from '../support/command.ts'

const PROGRAM = path.resolve(import.meta.dirname, '../support/no-code-generation-program.ts')

test('a server and a client work where code cannot be generated, and count their types as such', async () => {
  const args = ['--disallow-code-generation-from-strings', PROGRAM]
  const output = await runCommand({ program: process.execPath, args, timeoutMs: 60_000 })
  const { greetings, counts } = JSON.parse(output)
  expect(greetings).toEqual([
    'Hello connect true',
    'Hello connect false',
    'Hello grpc-web true',
    'Hello grpc-web false',
  ])
  const reason = 'code generation is not allowed'
  expect(counts).toEqual(
    expect.arrayContaining([
      { task: 'create', way: 'closures', reason, types: 2 },
      { task: 'encode', way: 'closures', reason, types: 2 },
      { task: 'decode', way: 'closures', reason, types: 2 },
      { task: 'read-json', way: 'reflective', reason, types: 2 },
      { task: 'write-json', way: 'reflective', reason, types: 2 },
    ]),
  )
  expect(counts).toHaveLength(5)
})
