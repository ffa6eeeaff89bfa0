/** The compiled codecs and protobuf-es make the same of the same input, whatever the type: octets, messages, errors. */
import path from 'node:path'
import { expect, test } from 'vitest'
import { CODEC_CAMPAIGNS, runCampaign } from '../support/codec-oracle/campaigns.ts'
import { runCommand } from '../support/command.ts'
import { isDeep, repetitions } from '../support/depth.ts'

const SEED = 1_583
const CASES = repetitions({ narrow: 3_000, deep: 30_000 })
const FUZZ = path.resolve(import.meta.dirname, '../load/fuzz.ts')

test.each(CODEC_CAMPAIGNS)('$name, as generated code', (campaign) => {
  expect(runCampaign(campaign, SEED, CASES)).toBeGreaterThanOrEqual(CASES)
})

// Starting a process takes longer than most of its comparisons.
test.each(isDeep ? CODEC_CAMPAIGNS : CODEC_CAMPAIGNS.slice(-1))(
  '$name, where code generation is forbidden',
  async ({ name }) => {
    const flags = ['--disallow-code-generation-from-strings']
    const args = [...flags, FUZZ, '--target', name, '--seed', String(SEED), '--cases', String(CASES)]
    expect(await runCommand({ program: process.execPath, args })).toMatch(/closures: \d{4,} comparisons/)
  },
)
