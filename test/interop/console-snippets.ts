/** grpcurl, as the console writes it: pasted into a shell, with data that shells could take for more. */
import path from 'node:path'
import { createRegistry, type DescMethod } from '@bufbuild/protobuf'
import { snippetsOf } from '../../console/app/snippets/snippets-of.ts'
import { file_greeter_v1_greeter, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { SnippetGround } from '../support/console/run-snippet.ts'
import { expectParts } from '../support/expect-output.ts'
import { GRPCURL, installGoTool } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'
import type { Ground } from './ground.ts'

const { sayHello, getStream, putStream, allStream } = GreeterService.method
const HOSTILE = `it's "quoted" \`id\` $HOME $(id) \\ !! -d @file\n👩‍👧 שלום \u202e`
const LONG = "it's ".repeat(40_000)

/** The checks, in each shell. */
export async function consoleSnippetChecks({ cleartext, folder }: Ground): Promise<readonly Check[]> {
  const ground = await SnippetGround.in(path.join(folder, 'console-snippets'), [await installGoTool(GRPCURL)])
  return ['bash', 'dash'].flatMap((shell) => {
    const topic = `console/${shell}`
    const check = (name: string, method: DescMethod, messages: readonly object[], ...parts: string[]): Check => ({
      name: `a snippet of grpcurl in ${shell}: ${name}`,
      run: () => expectParts(run(ground, shell, commandOf(`http://${cleartext}`, method, messages)), ...parts),
    })
    const data = JSON.stringify(HOSTILE)
    return [
      check('unary', sayHello, [{ name: HOSTILE }], `"Hello ${data.slice(1)}`),
      check(
        'unary, longer than an argument',
        sayHello,
        [{ name: LONG.slice(0, 150_000) }],
        `"Hello ${LONG.slice(0, 150_000)}"`,
      ),
      check(
        'client stream',
        putStream,
        [
          { topic, data: HOSTILE },
          { topic, data: '2' },
        ],
        '"accepted": "2"',
      ),
      check('server stream', getStream, [{ topic, afterSequence: '0', limit: 2 }], `"data": ${data}`, '"data": "2"'),
      check('bidirectional stream', allStream, [{ topic }, { topic, data: HOSTILE }], `"data": ${data}`),
    ]
  })
}

function commandOf(origin: string, method: DescMethod, messages: readonly object[]): string {
  const saved = {
    method: `${method.parent.typeName}/${method.name}`,
    protocol: 'grpc',
    headers: [{ name: 'x-text', value: `it's "$HOME"` }],
    timeoutMs: 10_000,
    messages: messages.map((message) => JSON.stringify(message)),
  } as const
  const place = {
    origin,
    prefix: '',
    protocols: ['grpc'],
    hasReflection: true,
    descriptorsUrl: '',
    registry: createRegistry(file_greeter_v1_greeter),
  } as const
  return snippetsOf(saved, method, place).find(({ id }) => id === 'grpcurl')?.text ?? ''
}

async function run(ground: SnippetGround, shell: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await ground.shell(shell, command)
  if (code !== 0) throw new Error(`${command}\nended with ${code}: ${stderr}`)
  return stdout
}
