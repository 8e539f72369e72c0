namespace PgTrickle.Dvm.Tests.Plans;

/// <summary>For each rule and each pass a query for which it fires, and a similar one for which it must not.</summary>
internal static class SampleQueries
{
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["filter"] = "SELECT customers.id, customers.name FROM public.customers WHERE (customers.tier = 'gold'::text)",
        ["filter_that_may_fail_sees_states_only"] = "SELECT orders.id FROM public.orders WHERE ((10 / orders.qty) > 1)",
        ["key_is_not_in_the_result"] = "SELECT customers.name FROM public.customers",
        ["distinct_on_key_is_eliminated"] = "SELECT DISTINCT ON (orders.id) orders.id, orders.qty FROM public.orders ORDER BY orders.id",
        ["distinct_on_other_column_is_kept"] = "SELECT DISTINCT ON (orders.qty) orders.qty, orders.id FROM public.orders ORDER BY orders.qty, orders.id",
        ["distinct_over_key_is_eliminated"] = "SELECT DISTINCT customers.id, customers.tier FROM public.customers",
        ["distinct_becomes_aggregate"] = "SELECT DISTINCT customers.tier FROM public.customers",
        ["sum_of_fixed_scale_is_state"] = "SELECT orders.qty, count(*) AS n, sum(orders.amount) AS total FROM public.orders GROUP BY orders.qty",
        ["sum_of_floats_is_read_again"] = "SELECT orders.qty, sum(orders.weight) AS total FROM public.orders GROUP BY orders.qty",
        ["hidden_count_only_if_none_is_yielded"] = "SELECT orders.qty, sum(orders.amount) AS total FROM public.orders GROUP BY orders.qty",
        ["extremes_are_read_again_on_demand"] = "SELECT orders.qty, max(orders.amount) AS amount FROM public.orders GROUP BY orders.qty",
        ["having_is_read_again"] = "SELECT orders.qty, count(*) AS n FROM public.orders GROUP BY orders.qty HAVING (count(*) > 1)",
        ["nullable_group_key_is_hashed"] = "SELECT orders.customer_id, count(*) AS n FROM public.orders GROUP BY orders.customer_id",
        ["one_row"] = "SELECT count(*) AS n, sum(orders.qty) AS total FROM public.orders",
        ["inner_join"] = "SELECT o.id, c.name FROM (public.orders o JOIN public.customers c ON ((c.id = o.customer_id))) WHERE (c.tier = 'x'::text)",
        ["three_tables"] = "SELECT o.id, c.name, l.v FROM ((public.orders o JOIN public.customers c ON ((c.id = o.customer_id))) JOIN public.log l ON ((l.k = o.qty)))",
        ["left_join_by_key"] = "SELECT c.id, o.qty FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id = c.id)))",
        ["left_join_by_row"] = "SELECT c.id, o.qty FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id < c.id)))",
        ["filter_stays_above_padded_side"] = "SELECT c.id FROM (public.customers c LEFT JOIN public.orders o ON ((o.customer_id = c.id))) WHERE (o.id IS NULL)",
        ["computed_column_of_padded_side_stays"] =
            "SELECT c.id, x.q FROM (public.customers c LEFT JOIN (SELECT orders.customer_id, COALESCE(orders.qty, 0) AS q FROM public.orders) x ON ((x.customer_id = c.id)))",
        ["plain_column_of_padded_side_is_merged"] =
            "SELECT c.id, x.q FROM (public.customers c LEFT JOIN (SELECT orders.customer_id, orders.qty AS q FROM public.orders) x ON ((x.customer_id = c.id)))",
        ["full_join"] = "SELECT c.id, l.v FROM (public.customers c FULL JOIN public.log l ON ((l.k = c.id)))",
        ["union_all"] = "SELECT customers.id, customers.name FROM public.customers UNION ALL SELECT log.k, log.v FROM public.log",
        ["clock_range"] = "SELECT orders.id FROM public.orders WHERE (orders.day >= CURRENT_DATE)",
        ["clock_without_range"] = "SELECT orders.id FROM public.orders WHERE ((orders.day + orders.qty) <> CURRENT_DATE)",
        ["aggregate_below_the_top"] =
            "SELECT x.n, count(*) AS c FROM (SELECT orders.qty, count(*) AS n FROM public.orders GROUP BY orders.qty) x GROUP BY x.n",
        ["self_join"] = "SELECT a.v, b.v AS v2 FROM (public.log a JOIN public.log b ON ((a.k = b.k)))",
    };
}
