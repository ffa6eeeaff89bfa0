/** Everything that the templates refer to exists, and matches what this repository uses. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseProjectName } from '../../../create/src/project-name.ts'
import { TEMPLATES, type TemplateName } from '../../../create/src/templates.ts'
import { writeProject } from '../../../create/src/write-project.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const ours = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
const creator = JSON.parse(readFileSync(path.join(ROOT, 'create/package.json'), 'utf8'))

async function created(template: TemplateName, platform: NodeJS.Platform = 'linux'): Promise<string> {
  const folder = await temporaryFolder()
  const name = parseProjectName('shop')
  if (typeof name === 'string') throw new Error(name)
  await writeProject({ folder, name, template, platform })
  return folder
}

describe.each(Object.keys(TEMPLATES) as TemplateName[])('%s', (template) => {
  async function read(file: string): Promise<string> {
    return readFileSync(path.join(await created(template), file), 'utf8')
  }

  test('depends on the versions that this repository is tested with', async () => {
    const { engines, dependencies, devDependencies } = JSON.parse(await read('package.json'))
    expect(engines).toEqual(ours.engines)
    const { portico, ...others } = { ...dependencies, ...devDependencies }
    expect(portico).toBe(`^${creator.version}`)
    const tested = { ...ours.dependencies, ...ours.devDependencies }
    const expected = Object.keys(others).map((name) => [name, `^${tested[name]}`])
    expect(Object.entries(others)).toEqual(expected)
  })

  test('each file that the Dockerfile copies exists', async () => {
    const folder = await created(template)
    const sources = Array.from(
      readFileSync(path.join(folder, 'Dockerfile'), 'utf8').matchAll(/^COPY (?!--)(.+) \S+$/gm),
    )
      .flatMap(([, list = '']) => list.split(' '))
      // npm writes this one.
      .filter((file) => file !== 'package-lock.json')
    expect(sources).toContain('proto')
    expect(sources.filter((file) => !existsSync(path.join(folder, file)))).toEqual([])
    const ignored = readFileSync(path.join(folder, '.dockerignore'), 'utf8').split('\n')
    expect(sources.filter((file) => ignored.includes(file))).toEqual([])
  })

  test('the image runs Node itself, not as root, and has a health check that fails', async () => {
    const stages = (await read('Dockerfile')).split(/^FROM /m).slice(1)
    const [last = ''] = stages.slice(-1)
    const major = ours.devDependencies.node.split('.')[0]
    for (const stage of stages) expect(stage).toMatch(new RegExp(`^node:${major}-slim\\b`))
    expect(last).toMatch(/^USER node$/m)
    expect(last).toMatch(/^CMD \["node", "src\/server\.ts"\]$/m)
    expect(last).toMatch(
      /^HEALTHCHECK .*\\\n {2}CMD node_modules\/\.bin\/portico health "http:\/\/127\.0\.0\.1:\$PORT" /m,
    )
  })

  test('signals to npm reach the server; on Windows the commands need no exec', async () => {
    const scriptsOn = async (platform: NodeJS.Platform) =>
      JSON.parse(readFileSync(path.join(await created(template, platform), 'package.json'), 'utf8')).scripts
    expect(await scriptsOn('linux')).toMatchObject({ dev: 'exec node dev.ts', start: 'exec node src/server.ts' })
    expect(await scriptsOn('win32')).toMatchObject({
      dev: 'node dev.ts',
      start: 'node src/server.ts',
      check: expect.stringMatching(/^tsc/),
    })
  })

  test('the files that its commands run exist', async () => {
    const folder = await created(template)
    const { scripts } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
    const files = Object.values<string>(scripts).flatMap((script) => script.match(/\S+\.ts\b/g) ?? [])
    expect(files).toContain('src/server.ts')
    expect(files.filter((file) => !existsSync(path.join(folder, file)))).toEqual([])
  })

  test('the files and commands that its README names exist', async () => {
    const folder = await created(template)
    const readme = readFileSync(path.join(folder, 'README.md'), 'utf8')
    const { scripts } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
    const files = Array.from(readme.matchAll(/^\| `([^ `]+)` \|/gm), ([, file = '']) => file)
    expect(files.filter((file) => !existsSync(path.join(folder, file)))).toEqual([])
    const commands = Array.from(readme.matchAll(/npm (?:run )?(\w+)/g), ([, command = '']) => command)
    expect(commands.filter((command) => command !== 'install' && !(command in scripts))).toEqual([])
  })

  test('the actions of its CI are pinned by hash', async () => {
    const uses = Array.from((await read('.github/workflows/ci.yml')).matchAll(/uses: (\S+)/g), ([, action]) => action)
    expect(uses.length).toBeGreaterThan(0)
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
  })
})

test('the server is three lines', async () => {
  const server = readFileSync(path.join(await created('service'), 'src/server.ts'), 'utf8')
  expect(server.split('\n').filter((line) => line !== '')).toHaveLength(3)
})
