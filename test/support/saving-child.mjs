// Saves a configuration over and over, and says which one was saved. Ended by a signal. Arguments: directory, count.

/** What is built is not looked at by the type check. @param {string} name */
const built = (name) => import(new URL(`../../out/src-main/host/${name}.js`, import.meta.url).href);
const { ConfigKeeper } = await built('config-keeper');
const { confFiles } = await built('json-document');
const [directory, count] = process.argv.slice(2);
const keeper = new ConfigKeeper(directory, confFiles(directory));
const base = JSON.parse(process.env.CULVERT_TEST_PROFILE ?? '{}');
const profiles = Array.from({ length: 100 }, (_, index) => ({ ...base, id: `p${index}` }));
for (let number = 1; number <= Number(count); number++) {
  keeper.save({ profiles: profiles.map((profile) => ({ ...profile, revision: number })) });
  process.stdout.write(`${number}\n`);
  // Lets the line out before the next save.
  await new Promise((resolve) => setImmediate(resolve));
}
