// Scenarios of node pg; the first argument names one. Prints what the test compares.
const { Client, Pool } = require('pg');

const create = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";
const createBad = "SELECT pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m')";
const refresh = "SELECT pgtrickle.refresh_stream_table('st')";
const retryable = ['40001', '40P01', '57P01', '08006'];

const say = (...words) => console.log(words.join(' '));
const code = (promise) => promise.then(() => 'none', (error) => error.code);
const one = async (client, query) => Object.values((await client.query(query)).rows[0])[0];

async function connected(work) {
  const client = new Client();
  client.on('notice', (notice) => say('notice', notice.code));
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function retried(work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 3 || !retryable.includes(error.code)) {
        return error.code;
      }
    }
  }
}

const scenarios = {
  simple: () => connected(async (client) => {
    say('bad', await code(client.query(createBad)));
    say('next', await one(client, 'SELECT 42'));
    await client.query(create);
    say('made', await one(client, "SELECT count(*)::int FROM pgtrickle.commands WHERE kind = 'create' AND status = 'DONE'"));
  }),

  prepared: () => connected(async (client) => {
    const call = (name) => client.query({ name: 'make', text: "SELECT pgtrickle.create_stream_table($1, 'SELECT k, v FROM t', '1m')", values: [name] });
    say('bad', await code(call('bad')));
    say('next', await one(client, { name: 'answer', text: 'SELECT $1::int', values: [42] }));
    say('good', await code(call('st')));
    say('again', await one(client, { name: 'answer', text: 'SELECT $1::int', values: [43] }));
  }),

  queued: () => connected(async (client) => {
    const queries = ['SELECT 1 AS n', create, 'SELECT 2 AS n', createBad, 'SELECT 3 AS n', refresh, 'SELECT 4 AS n'];
    const answers = await Promise.allSettled(queries.map((query) => client.query(query)));
    say(answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : answer.value.rows[0].n ?? 'call')).join(' '));
  }),

  several: () => connected(async (client) => {
    const results = await client.query(`INSERT INTO t VALUES (3, 30); ${createBad}; SELECT count(*)::int AS n FROM t`);
    say('results', results.length, results[2].rows[0].n);
    say('next', await one(client, 'SELECT 42'));
  }),

  retry: () => connected(async (client) => {
    const outcome = await retried(async () => {
      await client.query('BEGIN');
      await client.query('INSERT INTO payments VALUES (100)');
      await client.query(createBad);
      await client.query('COMMIT');
      return 'committed';
    });
    say(outcome);
    say('sole', await retried(() => client.query(createBad.replace('bad', 'bad2')).then(() => 'done')));
    say('payments', await one(client, 'SELECT count(*)::int FROM payments'));
  }),

  pool: async () => {
    const pool = new Pool({ max: 1 });
    await pool.query(create);
    for (let i = 0; i < 3; i++) {
      await pool.query(refresh);
      say('open', (await pool.query("SELECT count(*)::int AS n FROM pgtrickle.commands WHERE status <> 'DONE'")).rows[0].n);
      await pool.query('DISCARD ALL');
    }
    say('bad', await code(pool.query(createBad)));
    say('next', (await pool.query('SELECT 42 AS n')).rows[0].n);
    await pool.end();
  },
};

scenarios[process.argv[2]]().catch((error) => {
  console.error(error);
  process.exit(1);
});
