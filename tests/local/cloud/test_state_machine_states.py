"""The states themselves: data flow in both query languages, choices, waits, failures, retries, branches.

Expectations: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloud.state_machines import Machines, chain, one

pytestmark = pytest.mark.capability("O14")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("States.Format('{} is {}, not \\{\\}', $.name, $.xs)", "Ann is [1,2,2], not {}"),
        ("States.StringToJson($.text)", {"a": None}),
        ("States.JsonToString($.nested)", '{"k":"é"}'),
        ("States.Array($.name, 1, null, true)", ["Ann", 1, None, True]),
        ("States.ArrayPartition($.xs, 2)", [[1, 2], [2]]),
        ("States.ArrayContains($.xs, 2)", True),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayGetItem($.xs, 1)", 2),
        ("States.ArrayLength($.xs)", 3),
        ("$.xs.length()", 3),  # a path, not a reference path, may end in this function
        ("States.MathAdd($.xs.length(), 1)", 4),
        ("States.ArrayUnique($.xs)", [1, 2]),
        ("States.Base64Decode(States.Base64Encode('Data to encode'))", "Data to encode"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.nested, $.other, false)", {"k": 2}),
        ("States.MathAdd($.xs[0], -3)", -2),
        ("States.MathAdd(1.5, 2.4)", 4),  # each argument is rounded to an integer
        ("States.StringSplit('1,2;3', ',;')", ["1", "2", "3"]),
        ("$.xs[?(@ > 1)]", [2, 2]),
        ("$..k", ["é", 2]),
        ("$.xs[1:]", [2, 2]),
        ("$['nested']['k']", "é"),
        ("$$.State.Name", "S0"),
    ],
)
def test_paths_and_intrinsic_functions(machines: Machines, expression: str, expected: Any) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"""
    given = {"name": "Ann", "xs": [1, 2, 2], "text": '{"a": null}', "nested": {"k": "é"}, "other": {"k": 2}}
    assert machines.output(chain({"Type": "Pass", "Parameters": {"it.$": expression}}), given) == {"it": expected}


def test_input_and_output_filters_compose(machines: Machines) -> None:
    state = {
        "Type": "Parallel", "InputPath": "$.in", "Parameters": {"x.$": "$.v", "fixed": [1]},
        "Branches": [chain({"Type": "Pass"}, prefix="B")], "ResultSelector": {"picked.$": "$[0].x"},
        "ResultPath": "$.kept.result", "OutputPath": "$.kept",
    }  # fmt: skip
    given = {"in": {"v": 7}, "kept": {"old": True}}
    assert machines.output(chain(state), given) == {"old": True, "result": {"picked": 7}}
    assert machines.output(chain({"Type": "Pass", "Result": 1, "ResultPath": None}), given) == given
    assert machines.output(chain({"Type": "Pass", "Result": 1, "ResultPath": "$.new.deep"}), {}) == {"new": {"deep": 1}}


def test_variables_last_and_inner_scopes_read_outer_ones(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html"""
    inner = chain(
        {"Type": "Pass", "Assign": {"own.$": "$v.deep"}}, {"Type": "Pass", "Parameters": {"got.$": "$own"}}, prefix="I"
    )
    definition = chain(
        {"Type": "Pass", "Assign": {"v": {"deep": 3}, "first.$": "$.x"}},
        {"Type": "Parallel", "Branches": [inner], "ResultPath": "$.inner"},
        {"Type": "Pass", "Parameters": {"inner.$": "$.inner", "first.$": "$first", "v.$": "$v.deep"}},
    )
    assert machines.output(definition, {"x": 1}) == {"inner": [{"got": 3}], "first": 1, "v": 3}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$sum($states.input.xs)", 6),
        ("$states.input.people[age > 30].name", "Bo"),
        ("$states.input.nothing", None),
        ("$states.input.quoted", 'say "hi" \\ $x'),
        ("$states.context.State.Name", "S0"),
        ("$partition([1..5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 6, 3)", [0, 3, 6]),
        ("$hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("$parse('{\"a\": [1]}')", {"a": [1]}),
        ("$length($uuid())", 36),
        ("$random(7) = $random(7)", True),
        ("$map($states.input.xs, function($v) { $v * 2 })", [2, 4, 6]),
    ],
)
def test_jsonata_expressions(machines: Machines, expression: str, expected: Any) -> None:
    people = [{"name": "Al", "age": 20}, {"name": "Bo", "age": 40}]
    given = {"xs": [1, 2, 3], "people": people, "nothing": None, "quoted": 'say "hi" \\ $x'}
    definition = chain({"Type": "Pass", "Output": {"it": f"{{% {expression} %}}"}}, QueryLanguage="JSONata")
    assert machines.output(definition, given) == {"it": expected}


def test_jsonata_assigns_chooses_and_loops(machines: Machines) -> None:
    definition = one(
        {
            "A": {"Type": "Pass", "Assign": {"n": "{% $states.input.n %}"}, "Next": "C"},
            "C": {"Type": "Choice", "Default": "End", "Output": "{% $n %}", "Choices": [
                {"Condition": "{% $n < 3 %}", "Next": "C2", "Assign": {"n": "{% $n + 1 %}"}}]},
            "C2": {"Type": "Wait", "Seconds": "{% $n * 0 %}", "Next": "C"},
            "End": {"Type": "Succeed", "Output": {"n": "{% $states.input + $n %}"}},
        },
        QueryLanguage="JSONata",
    )  # fmt: skip
    assert machines.output(definition, {"n": 0}) == {"n": 6}


def test_one_state_may_use_the_other_language(machines: Machines) -> None:
    definition = chain(
        {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.x + 1 %}"}, {"Type": "Pass"}
    )
    assert machines.output(definition, {"x": 1}) == 2


def test_a_jsonata_error_names_the_expression(machines: Machines) -> None:
    definition = chain({"Type": "Pass", "Output": "{% $states.input.nowhere %}"}, QueryLanguage="JSONata")
    shown = machines.run(definition)
    assert (shown["status"], shown["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert "$states.input.nowhere" in shown["cause"]
    assert "EvaluationFailed" in machines.event_types(shown["executionArn"])


def test_an_endless_expression_ends(machines: Machines) -> None:
    definition = chain(
        {"Type": "Pass", "Output": "{% ($f := function($n) { $f($n + 1) }; $f(1)) %}"}, QueryLanguage="JSONata"
    )
    assert machines.run(definition)["error"] == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ({"Variable": "$.n", "NumericGreaterThanEquals": 5}, True),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
        ({"Variable": "$.s", "StringMatches": "log-*.tx\\*"}, True),
        ({"Variable": "$.s", "StringLessThan": "m"}, True),
        ({"Variable": "$.t", "TimestampLessThan": "2030-01-01T00:00:00Z"}, True),
        ({"Variable": "$.t", "IsTimestamp": True}, True),
        ({"Variable": "$.missing", "IsPresent": False}, True),
        ({"Variable": "$.nil", "IsNull": True}, True),
        ({"Variable": "$.n", "NumericEqualsPath": "$.five"}, True),
        ({"Variable": "$.flag", "BooleanEquals": True}, True),
        ({"And": [{"Variable": "$.n", "IsNumeric": True}, {"Not": {"Variable": "$.n", "NumericLessThan": 5}}]}, True),
        ({"Or": [{"Variable": "$.n", "NumericLessThan": 5}, {"Variable": "$.flag", "IsString": True}]}, False),
    ],
)
def test_choice_rules(machines: Machines, rule: dict[str, Any], chosen: bool) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html"""
    states = {
        "A": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }
    given = {"n": 5, "five": 5, "s": "log-a.tx*", "t": "2026-01-01T00:00:00Z", "nil": None, "flag": True}
    assert machines.output(one(states), given) is chosen


def test_no_choice_and_no_default_fails(machines: Machines) -> None:
    states = {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "B"}]},
        "B": {"Type": "Succeed"},
    }
    assert machines.run(one(states), {"n": 2})["error"] == "States.NoChoiceMatched"


def test_waits_take_their_time(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""
    until = (datetime.now(UTC) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    began = time.monotonic()
    definition = chain({"Type": "Wait", "TimestampPath": "$.until"}, {"Type": "Wait", "SecondsPath": "$.none"})
    shown = machines.run(definition, {"until": until, "none": 0})
    assert shown["status"] == "SUCCEEDED"
    assert time.monotonic() - began > 0.5


def test_fail_gives_error_and_cause(machines: Machines) -> None:
    shown = machines.run(
        one({"A": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('because {}', $.c)"}}),
        {"e": "Mine", "c": 1},
    )
    assert (shown["status"], shown["error"], shown["cause"]) == ("FAILED", "Mine", "because 1")
    assert machines.event_types(shown["executionArn"]) == ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]


def test_a_missing_path_is_a_runtime_error_that_nothing_catches(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html (States.Runtime)"""
    state = {"Type": "Parallel", "Parameters": {"x.$": "$.nope"}, "Branches": [chain({"Type": "Pass"}, prefix="B")],
             "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}], "End": True}  # fmt: skip
    shown = machines.run(one({"A": state, "B": {"Type": "Succeed"}}))
    assert shown["error"] == "States.Runtime"
    assert "'$.nope' specified for the field 'x.$' could not be found" in shown["cause"]


def test_retries_back_off_then_a_catcher_gets_the_error(machines: Machines) -> None:
    state = {
        "Type": "Parallel", "End": True,
        "Branches": [one({"F": {"Type": "Fail", "Error": "Flaky", "Cause": "c"}}, "F")],
        "Retry": [{"ErrorEquals": ["Other"], "MaxAttempts": 9},
                  {"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1,
                   "MaxDelaySeconds": 1, "JitterStrategy": "FULL"}],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": "B"}],
    }  # fmt: skip
    shown = machines.run(one({"A": state, "B": {"Type": "Pass", "End": True}}), {"kept": 1})
    assert shown["output"] == {"kept": 1, "failure": {"Error": "Flaky", "Cause": "c"}}
    assert machines.event_types(shown["executionArn"]).count("ParallelStateStarted") == 3


def test_a_failing_branch_stops_its_siblings(machines: Machines) -> None:
    waiting = chain({"Type": "Wait", "Seconds": 60}, prefix="W")
    branches = [waiting, chain({"Type": "Fail", "Error": "Quick"}, prefix="F")]
    began = time.monotonic()
    shown = machines.run(one({"A": {"Type": "Parallel", "Branches": branches, "End": True}}))
    assert (shown["status"], shown["error"]) == ("FAILED", "Quick")
    assert time.monotonic() - began < 30


def test_an_inline_map_keeps_the_order_and_knows_index_and_item(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""
    state = {
        "Type": "Map", "ItemsPath": "$.xs", "MaxConcurrency": 2,
        "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value.v", "all.$": "$.shared"},
        "ItemProcessor": one({"P": {"Type": "Pass", "End": True}}, "P"),
    }  # fmt: skip
    given = {"xs": [{"v": "a"}, {"v": "b"}, {"v": "c"}], "shared": 9}
    expected = [{"i": index, "v": value, "all": 9} for index, value in enumerate("abc")]
    assert machines.output(chain(state), given) == expected
    jsonata = {
        "Type": "Map", "Items": "{% $states.input.xs %}",
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value.v %}"},
        "ItemProcessor": one({"P": {"Type": "Pass", "Output": "{% $states.input.v & '!' %}", "End": True}}, "P"),
        "Output": "{% $join($states.result) %}",
    }  # fmt: skip
    assert machines.output(chain(jsonata, QueryLanguage="JSONata"), given) == "a!b!c!"
    assert machines.output(chain({**state, "ItemsPath": "$.none"}), {"none": [], "shared": 0}) == []


def test_outputs_over_256_kib_fail(machines: Machines) -> None:
    """Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    grow = {"Type": "Pass", "Output": "{% $join($map([1..3000], function($i) { $pad('', 100, 'x') })) %}"}
    shown = machines.run(chain(grow, QueryLanguage="JSONata"))
    assert shown["error"] == "States.DataLimitExceeded"
