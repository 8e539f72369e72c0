import java.io.StringReader;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** Scenarios of the JDBC driver; the first argument names one. Prints what the test compares. */
public final class Jdbc {
    private static final String CREATE = "SELECT pgtrickle.create_stream_table('st', 'SELECT k, v FROM t', '1m')";
    private static final String CREATE_BAD = "SELECT pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m')";
    private static final String REFRESH = "SELECT pgtrickle.refresh_stream_table('st')";
    private static final List<String> RETRYABLE = List.of("40001", "40P01", "57P01", "08006");

    private interface Work {
        void run() throws SQLException;
    }

    public static void main(String[] arguments) throws Exception {
        var properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("sslmode", "disable");
        properties.setProperty("prepareThreshold", "1");
        if (arguments.length > 1) {
            properties.setProperty("preferQueryMode", arguments[1]);
        }

        var url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
        try (var connection = DriverManager.getConnection(url, properties)) {
            switch (arguments[0]) {
                case "simple" -> simple(connection);
                case "prepared" -> prepared(connection);
                case "batch" -> batch(connection);
                case "retry" -> retry(connection);
                case "timeout" -> timeout(connection);
                case "copy" -> copy(connection);
                case "cursor" -> cursor(connection);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    private static void simple(Connection connection) throws SQLException {
        say("bad", code(() -> execute(connection, CREATE_BAD)));
        say("next", number(connection, "SELECT 42"));
        execute(connection, CREATE);
        say("made", number(connection, "SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create' AND status = 'DONE'"));
    }

    private static void prepared(Connection connection) throws SQLException {
        try (var call = connection.prepareStatement("SELECT pgtrickle.create_stream_table(?, 'SELECT k, v FROM t', '1m')");
                var answer = connection.prepareStatement("SELECT ?::int")) {
            for (var name : new String[] {"bad", "bad", "st", "bad"}) {
                call.setString(1, name);
                say(name, code(call::execute));
                answer.setInt(1, 42);
                try (var rows = answer.executeQuery()) {
                    rows.next();
                    say("next", rows.getInt(1));
                }
            }
        }
    }

    /** A batch is one implicit transaction: what failed after it is a warning. */
    private static void batch(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : new String[] {"INSERT INTO t VALUES (3, 30)", "DO $$ BEGIN PERFORM pgtrickle.create_stream_table('bad', 'SELECT k, v FROM t', '1m'); END $$", "INSERT INTO t VALUES (4, 40)"}) {
                statement.addBatch(sql);
            }

            try {
                say("counts", Arrays.toString(statement.executeBatch()));
            } catch (BatchUpdateException error) {
                say("failed", error.getSQLState(), error.getNextException());
            }

            say("warnings", warnings(statement.getWarnings()));
        }

        say("rows", number(connection, "SELECT count(*) FROM t"));
    }

    private static void retry(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        say(retried(connection, () -> {
            execute(connection, "INSERT INTO payments VALUES (100)");
            execute(connection, CREATE_BAD);
            connection.commit();
        }));
        connection.setAutoCommit(true);
        say("sole", retried(connection, () -> execute(connection, CREATE_BAD.replace("'bad'", "'bad2'"))));
        say("payments", number(connection, "SELECT count(*) FROM payments"));
    }

    private static void timeout(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            say("timeout", code(() -> statement.execute(CREATE)));
        }

        say("next", number(connection, "SELECT 42"));
        say("made", number(connection, "SELECT count(*) FROM pgtrickle.stream_tables"));
    }

    private static void copy(Connection connection) throws Exception {
        execute(connection, CREATE);
        var manager = connection.unwrap(org.postgresql.PGConnection.class).getCopyAPI();
        say("copied", manager.copyIn("COPY t FROM STDIN -- pgtrickle", new StringReader("5\t50\n6\t60\n")));
        var out = new java.io.StringWriter();
        manager.copyOut("COPY (SELECT k FROM t WHERE k > 4 ORDER BY k) TO STDOUT", out);
        say("read", out.toString().replace('\n', ' ').trim());
        execute(connection, REFRESH);
        say("next", number(connection, "SELECT 42"));
    }

    /** Rows are fetched in pieces, each with a Sync of its own, around a call. */
    private static void cursor(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        var seen = 0L;
        try (var statement = connection.createStatement()) {
            statement.setFetchSize(10);
            try (ResultSet rows = statement.executeQuery("SELECT generate_series(1, 95)")) {
                while (rows.next()) {
                    if (rows.getInt(1) == 15) {
                        execute(connection, CREATE);
                    }

                    seen += rows.getInt(1);
                }
            }
        }

        connection.commit();
        connection.setAutoCommit(true);
        say("sum", seen);
        say("made", number(connection, "SELECT count(*) FROM pgtrickle.commands WHERE kind = 'create' AND status = 'DONE'"));
    }

    private static String retried(Connection connection, Work work) throws SQLException {
        for (var attempt = 1; ; attempt++) {
            try {
                work.run();
                return "committed";
            } catch (SQLException error) {
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                }

                if (attempt == 3 || !RETRYABLE.contains(error.getSQLState())) {
                    return error.getSQLState();
                }
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            for (var code : warnings(statement.getWarnings())) {
                say("notice", code);
            }
        }
    }

    private static List<String> warnings(SQLWarning first) {
        var codes = new ArrayList<String>();
        for (var warning = first; warning != null; warning = warning.getNextWarning()) {
            codes.add(warning.getSQLState());
        }

        return codes;
    }

    private static long number(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement(); var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static String code(Work work) {
        try {
            work.run();
            return "none";
        } catch (SQLException error) {
            return error.getSQLState();
        }
    }

    private static void say(Object... words) {
        System.out.println(String.join(" ", Arrays.stream(words).map(String::valueOf).toList()));
    }
}
