/** The files of deploy/, read by the programs that use them: systemd, and the types of Kubernetes and its Gateway API. */
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runCommand } from '../support/command.ts'
import { buildGoProgram } from '../support/go-tool.ts'
import { replaceTexts } from '../support/pages/replace-texts.ts'
import type { Check } from '../support/run-checks.ts'

const DEPLOY = path.resolve(import.meta.dirname, '../../deploy')
const SYSTEMD_ANALYZE = '/usr/bin/systemd-analyze'

/** In tenths: 10 is no sandbox at all, and systemd calls up to 1.9 "OK". */
const MOST_EXPOSURE = 19

/** @param folder for a copy of the unit */
export async function deployChecks(folder: string): Promise<readonly Check[]> {
  const decode = await buildGoProgram(path.join(import.meta.dirname, 'kubernetes'))
  const manifests = globSync('kubernetes/**/*.yaml', { cwd: DEPLOY }).map((file) => path.join(DEPLOY, file))
  const source = await readFile(path.join(DEPLOY, 'systemd/shop.service'), 'utf8')
  const unit = path.join(folder, 'shop.service')
  // It names a Node that this machine may have elsewhere.
  await writeFile(unit, replaceTexts(source, { '/usr/bin/node': process.execPath }))
  return [
    {
      name: `Kubernetes: its types decode all ${manifests.length} manifests strictly`,
      run: async () => void (await runCommand({ program: decode, args: manifests })),
    },
    {
      name: 'systemd: the unit is valid',
      async run() {
        // It warns on standard error, and ends with 0.
        const output = await runCommand({ program: 'sh', args: ['-c', `${SYSTEMD_ANALYZE} verify "$0" 2>&1`, unit] })
        if (output.includes('shop.service')) throw new Error(output)
      },
    },
    {
      name: `systemd: the sandbox of the unit is rated ${MOST_EXPOSURE / 10} or better`,
      async run() {
        const args = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`, '--no-pager', unit]
        await runCommand({ program: SYSTEMD_ANALYZE, args })
      },
    },
  ]
}
