/** Programs and commands on all other pages, which start their own servers. */
import { authorGround } from '../support/pages/page-ground.ts'
import { allPages } from '../support/pages/read-page.ts'
import { testPages } from '../support/pages/test-pages.ts'

const ELSEWHERE = /^(README\.md|docs\/client(\.md|\/.*)|docs\/quickstart\.md)$/

testPages(
  allPages().filter((page) => !ELSEWHERE.test(page)),
  authorGround,
)
