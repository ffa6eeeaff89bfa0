/** docs/server/options.md is written from the table that `--help` prints: `npm test -- test/architecture/options-page -u`. */
import { expect, test } from 'vitest'
import { printDefault } from '../../server/config/help-text.ts'
import type { Option } from '../../server/config/option.ts'
import { optionTable } from '../../server/config/option-table.ts'

const INTRODUCTION = `# Options of the server

Every program that calls [\`serve\`](serve.md) has these flags, and so does \`node server\`; \`--help\` prints them with the defaults of the
program. Each option is read from its flag, else from its environment variable, else from the options in code, else it has its default.
An empty variable counts as not set. If a flag is repeated, the last one counts; lists are joined.

Durations have a unit (\`500ms\`, \`30s\`, \`5m\`, \`2h\`), sizes may have one (\`512B\`, \`64KiB\`, \`4MiB\`, \`1GiB\`). A switch is turned off by
\`--no-NAME\`. The last column is the option of [\`createApp\`](fastify.md) that a flag sets, for programs without \`serve\`.

| option | environment | meaning | default | values | in code |
|---|---|---|---|---|---|`

function page(): string {
  const rows = Object.entries<Option<unknown>>(optionTable).map(([name, option]) => {
    const { kind, env, help, sets = [] } = option
    const flag = kind.placeholder === null ? `--[no-]${name}` : `--${name}`
    const cells = [code(flag), code(env), help, code(printDefault(option)), kind.expects, sets.map(code).join(', ')]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return `${[INTRODUCTION, ...rows].join('\n')}\n`
}

function code(text: string): string {
  return `\`${text}\``
}

test('the page of options says what --help says', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/server/options.md')
})
