import { expect, test } from 'vitest'
import { nameOfProgram } from '../../../../../client/node/cli/name-of-program.ts'

const AT_HOME = { platform: 'linux', cwd: () => '/home/me/shop' }

test.each<[string, file: string, env: Record<string, string>, name: string]>([
  [
    'npx',
    '/home/me/shop/node_modules/.bin/portico',
    { npm_command: 'exec', PATH: '/home/me/shop/node_modules/.bin' },
    'npx portico',
  ],
  ['npm run', '/home/me/shop/node_modules/.bin/portico', { npm_command: 'run-script' }, 'npx portico'],
  ['a name on the PATH', '/usr/local/bin/portico', { PATH: '/usr/bin:/usr/local/bin' }, 'portico'],
  ['a path', '/home/me/shop/node_modules/.bin/portico', { PATH: '/usr/bin' }, './node_modules/.bin/portico'],
  ['a path elsewhere', '/opt/portico/bin/portico', { PATH: '/usr/bin' }, '/opt/portico/bin/portico'],
  ['node and a file', '/home/me/shop/dist/main.js', { PATH: '/usr/bin' }, 'node dist/main.js'],
  ['node and a file elsewhere', '/opt/portico/main.ts', {}, 'node /opt/portico/main.ts'],
  ['no file', '', {}, 'portico'],
])('named %s', (_, file, env, name) => {
  expect(nameOfProgram({ ...AT_HOME, argv: ['/usr/bin/node', file], env })).toBe(name)
})

test('on Windows the name of the program is unknown', () => {
  const argv = ['node.exe', 'C:\\shop\\node_modules\\portico\\dist\\main.js']
  expect(nameOfProgram({ argv, env: {}, platform: 'win32', cwd: () => 'C:\\shop' })).toBe('portico')
})
