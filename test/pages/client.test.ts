/** Programs and commands on the pages about the client, and on the first page of the repository. */
import { demoGround } from '../support/pages/page-ground.ts'
import { allPages } from '../support/pages/read-page.ts'
import { testPages } from '../support/pages/test-pages.ts'

/** The pages that speak of the demo. */
const PAGES = /^(README\.md|docs\/client(\.md|\/.*))$/

testPages(
  allPages().filter((page) => PAGES.test(page)),
  demoGround,
)
